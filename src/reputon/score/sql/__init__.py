"""The portable SQL: every text that adds, the same for every engine, with whole numbers and names filled in."""

from functools import cache
from importlib import resources

from reputon.evidence.kinds import Kind
from reputon.evidence.rows import KIND_CODES

COLUMNS = tuple(kind.replace("-", "_") for kind in Kind)  # one a kind, in the order of their codes
BAD = tuple(
    kind.replace("-", "_")
    for kind in (Kind.UNKNOWN_USER, Kind.COMPLAINT, Kind.TRAP_PRISTINE, Kind.TRAP_RECYCLED, Kind.FILTERED, Kind.MALWARE)
)

_KINDS = ",\n       ".join(
    f"CAST(SUM(CASE WHEN kind = {KIND_CODES[kind]} THEN amount ELSE 0 END) AS BIGINT) AS {column}"
    for kind, column in zip(Kind, COLUMNS, strict=True)
)


def text(name: str, **filled: str | int) -> str:
    """A query by its file's name.  `filled` are our own words and numbers, never anybody's input."""
    return _text(name).format(**filled)


def by_entity(sums: str, subject: str, tenant: str, which: str = "TRUE") -> str:
    """entities.sql over the relation `sums`, for what `subject` and `tenant` (a column, or 0) make an entity."""
    by = ", ".join(column for column in (subject, tenant) if column != _NONE)
    return text("entities", sums=sums, subject=subject, tenant=tenant, kinds=_KINDS, which=which, by=by)


def together() -> str:
    """together.sql."""
    bad = " + ".join(BAD)
    capped = ",\n       ".join(
        f"CAST(SUM({_part(column)}) AS BIGINT) AS {column}" for column in COLUMNS
    )  # fmt: skip
    return text("together", bad=bad, bad_of_p=" + ".join(f"p.{column}" for column in BAD), capped=capped)


def _part(column: str) -> str:
    share = "of_sent" if column == "sent" else "of_bad" if column in BAD else ""
    return f"CAST(floor(CAST({column} AS DOUBLE) * {share}) AS BIGINT)" if share else column


_NONE = "CAST(0 AS BIGINT)"
ADDRESS = ("subject", _NONE)
TENANT = (_NONE, "tenant")
PAIR = ("subject", "tenant")


@cache
def _text(name: str) -> str:
    return (resources.files(__package__) / f"{name}.sql").read_text()

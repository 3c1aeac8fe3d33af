"""The portable SQL: every text that adds, the same for every engine, with whole numbers and names filled in."""

import hashlib
from functools import cache
from importlib import resources

from reputon.evidence.kinds import Kind
from reputon.evidence.rows import KIND_CODES
from reputon.score.judgement import BAD, COLUMNS, FINE, HARM

_KINDS = ",\n       ".join(
    f"CAST(SUM(CASE WHEN kind = {KIND_CODES[kind]} THEN amount ELSE 0 END) AS BIGINT) AS {column}"
    for kind, column in COLUMNS.items()
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
    harm = " + ".join(
        f"{weight} * CAST(floor(CAST({COLUMNS[kind]} AS DOUBLE) / {FINE}e0) AS BIGINT)" for kind, weight in HARM.items()
    )
    capped = ",\n       ".join(f"CAST(SUM({_part(kind)}) AS BIGINT) AS {column}" for kind, column in COLUMNS.items())
    return text("together", harm=harm, capped=capped)


def _part(kind: Kind) -> str:
    column, share = COLUMNS[kind], "of_sent" if kind == Kind.SENT else "of_bad" if kind in BAD else ""
    return f"CAST(floor(CAST({column} AS DOUBLE) * {share}) AS BIGINT)" if share else column


_NONE = "CAST(0 AS BIGINT)"
ADDRESS = ("subject", _NONE)
TENANT = (_NONE, "tenant")
PAIR = ("subject", "tenant")


@cache
def form() -> str:
    """A digest of all texts: what was added up by others is not to be believed."""
    texts = [each.read_bytes() for each in sorted(resources.files(__package__).iterdir(), key=lambda each: each.name)
             if each.name.endswith(".sql")]  # fmt: skip
    return hashlib.blake2b(b"\0".join(texts), digest_size=8).hexdigest()


@cache
def _text(name: str) -> str:
    return (resources.files(__package__) / f"{name}.sql").read_text()

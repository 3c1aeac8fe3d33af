"""Authentication-Results: what one server said of a message's SPF, DKIM and DMARC (RFC 8601, RFC 8617)."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["results", "seal"]

FIELDS: dict[str, Kind] = {"authentication-results": "results", "arc-authentication-results": "seal"}
_MAX_FIELD = 8192  # bytes of one field; longer ones are nobody's honest results
_MAX_FIELDS = 50


@dataclass(frozen=True, slots=True)
class Verdict:
    """One method's result: `spf`, `dkim` or `dmarc`, its word (`pass`, `fail`, `none`, ...), and for whom."""

    method: str
    result: str
    domain: str | None


@dataclass(frozen=True, slots=True)
class Results:
    """One field: who speaks (`authserv_id`), whether it was sealed on a hop (ARC), and its verdicts."""

    authserv_id: str
    kind: Kind
    verdicts: tuple[Verdict, ...]

    def said(self, method: str) -> tuple[Verdict, ...]:
        """The verdicts of one method."""
        return tuple(verdict for verdict in self.verdicts if verdict.method == method)


def read(headers: Iterable[tuple[str, str]], wanted: Callable[[str], bool] = lambda _: True) -> tuple[Results, ...]:
    """The fields of the speakers that are `wanted`, in their order; what cannot be parsed is left out."""
    found: list[Results] = []
    for name, value in headers:
        kind = FIELDS.get(name.lower())
        if kind is None or len(value) > _MAX_FIELD or len(found) >= _MAX_FIELDS:
            continue
        results = _parse(" ".join(value.split()), kind, wanted)
        if results is not None:
            found.append(results)
    return tuple(found)


def _parse(value: str, kind: Kind, wanted: Callable[[str], bool]) -> Results | None:
    if kind == "seal":  # i=1; mx.example 1; spf=pass ...
        value = value.partition(";")[2].strip()
    authserv_id, separator, rest = value.partition(";")
    if separator and "=" in authserv_id:
        # Exchange Online writes its own verdicts on the way out without saying who speaks.
        authserv_id, rest = "", value
    name = next(iter(authserv_id.split()), "")
    if not wanted(name):
        return None
    verdicts = tuple(verdict for part in rest.split(";") for verdict in _verdict(part.strip()))
    return Results(name, kind, verdicts) if verdicts else None


def _verdict(text: str) -> Iterable[Verdict]:
    # One method at a time: authres is strict, and one word that it does not know must not hide the others.
    if not text:
        return
    import authres  # 10 ms, and most bounces return no such field

    try:
        parsed = authres.AuthenticationResultsHeader.parse(f"Authentication-Results: x; {text}")
    except (authres.core.AuthResError, ValueError, IndexError):
        parsed = None
    for result in parsed.results if parsed else ():
        method = str(result.method).lower()
        if method in ("spf", "dkim", "dmarc"):
            yield Verdict(method, str(result.result).lower(), _domain(method, result.properties))
    if parsed is None:
        yield from _by_words(text)


def _by_words(text: str) -> Iterable[Verdict]:
    """The `method=result` at the start of a part whose remainder is in nobody's grammar (Microsoft's `action=`)."""
    method, _, rest = text.partition("=")
    method, words = method.strip().lower(), rest.split()
    if method in ("spf", "dkim", "dmarc") and words:
        domains = [w.partition("=")[2] for w in words if w.startswith(("header.d=", "header.from=", "smtp.mailfrom="))]
        yield Verdict(method, words[0].lower().strip("()"), _of_address(domains[0]) if domains else None)


_PROPERTIES = {"spf": ("mailfrom", "helo"), "dkim": ("d", "i"), "dmarc": ("from",)}


def _domain(method: str, properties: Iterable[Any]) -> str | None:
    values = {str(each.name).lower(): str(each.value) for each in properties}
    named = (values[name] for name in _PROPERTIES[method] if values.get(name))
    return _of_address(next(named, ""))


def _of_address(text: str) -> str | None:
    domain = text.rpartition("@")[2].strip(" <>;,").rstrip(".").lower()
    return domain if domain and domain != "none" else None

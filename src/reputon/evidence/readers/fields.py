"""Fields of structured logs, whatever type their writer gave them: as text, a time, recipients, a tenant's name."""

from datetime import UTC, datetime
from ipaddress import IPv4Address, IPv6Address, ip_address

from reputon.evidence.kinds import EvidenceError, Kind

TEXT = 8192  # characters of a value that are looked at
MOST = 100_000  # recipients of one message


def text(value: object, most: int = TEXT) -> str:
    """A value as text, without white space around it; empty where it is no text and no number."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return ""
    return str(value)[:most].strip()


def moment(value: object, what: str) -> datetime:
    """A time, given as seconds since 1970 or by ISO 8601, UTC where no zone is said; EvidenceError calls it `what`."""
    said = text(value)
    try:
        if said.replace(".", "", 1).isdecimal():
            return datetime.fromtimestamp(float(said), UTC)
        found = datetime.fromisoformat(said)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        raise EvidenceError(f"{what} {said[:40]!r} is no time: neither seconds since 1970 nor ISO 8601") from None


def kind(said: str) -> Kind:
    """The kind of evidence with this name; EvidenceError where there is none."""
    try:
        return Kind(said)
    except ValueError:
        raise EvidenceError(f"kind {said[:40]!r} is none of {', '.join(Kind)}") from None


def address(value: object, what: str) -> IPv4Address | IPv6Address:
    """An IP address, with or without a port; EvidenceError calls it `what`."""
    said = text(value)
    if said.startswith("["):
        bare = said[1:].partition("]")[0]
    else:
        bare = said.partition(":")[0] if said.count(":") == 1 else said
    try:
        return ip_address(bare)
    except ValueError:
        raise EvidenceError(f"{what} {said[:60]!r} is no IP address") from None


def recipients(value: object) -> int:
    """How many recipients are named, in a list or divided by commas or semicolons; one where nobody is."""
    if isinstance(value, str):
        named: list[object] = [*value[: MOST * 10].replace(";", ",").split(",")]
    else:
        named = value if isinstance(value, list) else []
    return max(1, min(sum(1 for each in named if each), MOST))


def tenant(value: object) -> str | None:
    """The name of a domain that an operator wrote down as a tenant's; None where it can be none."""
    said = text(value)
    return said if "." in said.strip(".") else None

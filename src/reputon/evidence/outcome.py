"""Outcome: what became of a message for its recipients, as evidence: volume is what was judged (decisions/0004)."""

from collections.abc import Iterator
from datetime import datetime

from reputon.evidence.kinds import Evidence, Kind

# What somebody took, or would have taken for another recipient: it counts as volume, the rest was refused unseen.
JUDGED = frozenset((Kind.DELIVERED, Kind.UNKNOWN_USER, Kind.FILTERED, Kind.MALWARE))


def pieces(time: datetime, subject: int, tenant: str, outcome: Kind, count: int = 1) -> Iterator[Evidence]:
    """One outcome for so many recipients, with the volume that it stands for."""
    if outcome in JUDGED:
        yield Evidence(time, subject, tenant, Kind.SENT, count)
    yield Evidence(time, subject, tenant, outcome, count)

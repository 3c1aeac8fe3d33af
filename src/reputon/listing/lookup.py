"""Lookup: everything that is known of one subject: its score and why, its tenants, its listing and clock."""

from dataclasses import dataclass
from pathlib import Path

from reputon.evidence.rows import key
from reputon.listing import policy
from reputon.listing.ledger import Ledger
from reputon.listing.policy import Listing
from reputon.score import about
from reputon.score.engines import Engine
from reputon.score.model import Score
from reputon.score.run import Asked
from reputon.subject import Subject


@dataclass(frozen=True, slots=True)
class Known:
    """What is known.  `parts`: an address's tenants, or a tenant's addresses, the worst first."""

    subject: Subject
    score: Score | None
    parts: tuple[Score, ...]
    listing: Listing | None
    past: tuple[Listing, ...]


def look_up(engine: Engine, asked: Asked, folder: Path, ledger: Ledger, subject: Subject) -> Known:
    """Look one subject up in evidence (as for `rescore`) and in the ledger."""
    which = f"subject = {subject.key}" if subject.kind == "ip" else f"tenant = {key(subject.text)}"
    about.name(engine, asked, folder, which)
    score = about.score(engine, asked, "address" if subject.kind == "ip" else "tenant")
    past = ledger.past(asked.now - policy.MEMORY, subject)
    return Known(
        subject,
        score,
        about.pairs(engine, asked),
        ledger.listing(subject, asked.now),
        tuple(each for each in past if each.expires <= asked.now),
    )

"""Lookup: everything that is known of one subject: its score and why, its tenants, its listing and clock."""

from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from reputon.listing import policy
from reputon.listing.ledger import Ledger
from reputon.listing.policy import Listing
from reputon.score import engine
from reputon.score.engine import Scope
from reputon.score.model import Parameters, Score
from reputon.subject import Subject


@dataclass(frozen=True, slots=True)
class Known:
    """What is known.  `parts`: an address's tenants, or a tenant's addresses, the worst first."""

    subject: Subject
    score: Score | None
    parts: tuple[Score, ...]
    listing: Listing | None
    past: tuple[Listing, ...]


def look_up(rows: pa.Table, ledger: Ledger, subject: Subject, parameters: Parameters, now: datetime) -> Known:
    """Look one subject up in evidence (`rows` as for `rescore`) and in the ledger."""
    is_address = subject.kind == "ip"
    own = pc.equal(rows["subject"], subject.key) if is_address else pc.equal(rows["tenant"], subject.text)
    about = rows.filter(own)
    scope: Scope = "address" if is_address else "tenant"
    found = engine.scores(about, scope, parameters, now)
    parts = engine.scores(about, "pair", parameters, now)
    past = ledger.past(now - policy.MEMORY, subject)
    return Known(
        subject,
        found[0] if found else None,
        tuple(sorted(parts, key=lambda each: (each.value is None, each.value))),
        ledger.listing(subject, now),
        tuple(each for each in past if each.expires <= now),
    )

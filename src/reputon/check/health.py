"""Health: whether a list's word counts, until when we trust that, and whether the resolver tells the truth at all.

A list that is dead, refuses us or lists everybody is left alone for ten minutes, then twice as long each time that it
fails again, up to a day; what is asked of it meanwhile is unknown, with the reason.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from reputon.check.meaning import Proof
from reputon.resolver import Answer, Question, Status

TRUSTED = timedelta(hours=1)  # how long a test that went well counts
BACK_OFF, LONGEST = timedelta(minutes=10), timedelta(hours=24)

# Names that do not exist: RFC 6761 reserves the first zone, and IANA keeps the others without wildcards.
EMPTY_ZONES = ("invalid", "example.com", "example.net")
REWRITTEN = "the resolver rewrites answers: it found {} for a name that does not exist"


@dataclass(frozen=True, slots=True)
class Health:
    """How a list's last test went: `failures` in a row, 0 for a list that is well."""

    proof: Proof
    tested_at: datetime
    failures: int = 0

    @property
    def why(self) -> str | None:
        """What is wrong with the list; None where nothing is."""
        return self.proof.word or self.proof.silence

    @property
    def next_test(self) -> datetime:
        """Until when this counts."""
        if not self.failures:
            return self.tested_at + TRUSTED
        doublings = min(self.failures - 1, 16)  # far beyond a day already
        return self.tested_at + min(BACK_OFF * (1 << doublings), LONGEST)

    def counts(self, now: datetime) -> bool:
        """Whether there is no need to test again; a test of the future is of a clock that was set back."""
        return self.tested_at <= now < self.next_test

    def is_quarantined(self, now: datetime) -> bool:
        """Whether the list is not to be asked."""
        return self.failures > 0 and self.counts(now)

    def reason(self) -> str:
        """Why the list was not asked, and when it will be."""
        return f"{self.why}; tested again at {self.next_test.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def tested(before: Health | None, proof: Proof, now: datetime) -> Health:
    """The health of a list after one more test."""
    if proof == Proof():
        return Health(proof, now)
    return Health(proof, now, (before.failures if before else 0) + 1)


def probes(labels: Iterable[str]) -> list[Question]:
    """Questions about names that must not exist, made with random labels."""
    return [Question(f"{label}.{zone}", "A") for label in labels for zone in EMPTY_ZONES]


def rewrites(answers: Iterable[Answer]) -> str | None:
    """Why no answer of this resolver is believed; None where it leaves names alone that do not exist."""
    found = next((answer.records[0] for answer in answers if answer.status is Status.ANSWER), None)
    return None if found is None else REWRITTEN.format(found)


def reaches_others(answers: Iterable[Answer]) -> bool:
    """Whether the resolver still asks the world: `.invalid` many answer by themselves."""
    return any(answer.is_known and not answer.question.name.endswith(".invalid") for answer in answers)

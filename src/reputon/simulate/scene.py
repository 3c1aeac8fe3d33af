"""Scene: who sends what to whom and when, made from a seed: thirty clean tenants, one that starts to spam."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

ROOT = "reputon.test"
RECEIVER = "customer.example"
POOL = ("198.51.100.20", "198.51.100.21", "198.51.100.22", "198.51.100.23")
POOL_PREFIX = "198.51.100.20/30"
RELAY_ADDRESS = "203.0.113.25"
ADMINISTRATED = "bakery.example"  # the clean tenant whose administrator the story follows
NOISY = "pills.example"

START = datetime(2026, 3, 2, 8, tzinfo=UTC)
SPAM_BEGINS = START + timedelta(hours=2)
HOURS = 31  # until the last listing is over and the last route is back
END = START + timedelta(hours=HOURS)
_SHORT, _LONG = timedelta(minutes=10), timedelta(hours=1)
_DAY, _NIGHT = 4, 1  # letters an hour of a clean tenant; people sleep from 18 to 8
_SPAM = 14  # letters a tick, about 40 % of the pool's mail by day
_USERS = 40
_UNKNOWN, _TRAPS, _COMPLAINTS = 0.25, 0.05, 0.06  # of the spam: invalid recipients, trap hits, complaints

Whose = Literal["user", "unknown", "trap"]

_TRADES = (
    "bakery", "school", "dentist", "florist", "notary", "garage", "library", "museum", "pharmacy", "printer",
    "plumber", "potter", "tailor", "theatre", "vineyard", "workshop", "brewery", "carpenter", "clinic", "college",
    "cyclery", "dairy", "farm", "gallery", "gardener", "jeweller", "luthier", "orchard", "publisher", "surveyor",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Letter:
    """One message that a tenant sends.  `whose`: who the recipient is to the receiver."""

    message_id: str
    at: datetime
    tenant: str
    recipient: str
    whose: Whose
    is_spam: bool
    is_complained_of: bool

    @property
    def sender(self) -> str:
        """The envelope and author address."""
        return f"office@{self.tenant}"


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything that is going to be sent, in order; what becomes of it is the story."""

    seed: int
    tenants: tuple[str, ...]
    ticks: tuple[datetime, ...]
    letters: tuple[Letter, ...]

    def due(self, after: datetime, until: datetime) -> list[Letter]:
        """The letters of a tick."""
        return [letter for letter in self.letters if after < letter.at <= until]


def make(seed: int = 1, hours: int = HOURS) -> Scene:
    """The scene of a seed, cut off after some hours: the same seed gives the same scene."""
    # Not for secrets: a seed must give the same scene again.
    dice = random.Random(seed)  # noqa: S311
    end = START + hours * _LONG
    ticks = tuple(each for each in _ticks() if each <= end)
    clean = [letter for tenant in _tenants() for letter in _clean(tenant, dice)]
    sent = (letter for letter in (*clean, *_spam(ticks, dice)) if letter.at <= end)
    letters = sorted(sent, key=lambda letter: (letter.at, letter.message_id))
    return Scene(seed, (*_tenants(), NOISY), ticks, tuple(letters))


def _tenants() -> tuple[str, ...]:
    return tuple(f"{trade}.example" for trade in _TRADES)


def _ticks() -> Iterator[datetime]:
    """Ten minutes by day, an hour from the afternoon until the next noon."""
    at = START
    while at < END:
        is_quiet = timedelta(hours=7) <= at - START < timedelta(hours=25)
        at += _LONG if is_quiet else _SHORT
        yield at


def _clean(tenant: str, dice: random.Random) -> Iterator[Letter]:
    for hour in range(HOURS):
        begins = START + hour * _LONG
        for number in range(_DAY if 8 <= begins.hour < 18 else _NIGHT):
            at = begins + timedelta(seconds=dice.randrange(1, 3600))
            name = f"{hour:02}{number}.{dice.randrange(1 << 32):08x}@{tenant}"
            # One in a hundred is mistyped, as in life.
            whose: Whose = "unknown" if dice.random() < 0.01 else "user"
            yield Letter(name, at, tenant, _recipient(whose, dice), whose, False, False)


def _spam(ticks: tuple[datetime, ...], dice: random.Random) -> Iterator[Letter]:
    for tick in ticks:
        if not SPAM_BEGINS < tick <= SPAM_BEGINS + timedelta(hours=6):
            continue
        for number in range(_SPAM):
            luck = dice.random()
            whose: Whose = "unknown" if luck < _UNKNOWN else "trap" if luck < _UNKNOWN + _TRAPS else "user"
            complains = whose == "user" and dice.random() < _COMPLAINTS
            name = f"{tick:%d%H%M}.{number}.{dice.randrange(1 << 32):08x}@{NOISY}"
            at = tick - timedelta(seconds=dice.randrange(1, 600))
            yield Letter(name, at, NOISY, _recipient(whose, dice), whose, True, complains)


def _recipient(whose: Whose, dice: random.Random) -> str:
    names = {"user": "user", "unknown": "gone", "trap": "trap"}
    return f"{names[whose]}{dice.randrange(_USERS)}@{RECEIVER}"

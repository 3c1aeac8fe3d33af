"""Classes: what kinds of senders there are, how much they send and what is seen of them, each figure with its origin.

Benchmarks are the published bands of scoring.md 1.1.  `assumed` marks what nobody publishes.
"""

from dataclasses import dataclass

from reputon.evidence.kinds import Kind

BAD_KINDS = (
    Kind.COMPLAINT, Kind.UNKNOWN_USER, Kind.TRAP_PRISTINE, Kind.TRAP_RECYCLED, Kind.FILTERED, Kind.MALWARE,
)  # fmt: skip
KINDS = (Kind.SENT, *BAD_KINDS)


@dataclass(frozen=True, slots=True)
class Rate:
    """How often a kind is seen per message: a class's mean, and how alike its senders are (the sum of a Beta's two)."""

    mean: float
    likeness: float


@dataclass(frozen=True, slots=True)
class SenderClass:
    """A class of senders.  `share` of all; `volume`: powers of ten of messages a day; `active`: part of the days."""

    name: str
    is_bad: bool
    share: float
    volume: tuple[float, float]
    active: float
    rates: tuple[Rate, ...]


@dataclass(frozen=True, slots=True)
class Source:
    """A source of evidence: its part of all mail, how many senders it meets, and which kinds it can tell of."""

    name: str
    share: float
    meets: float
    kinds: tuple[Kind, ...]


# Rows: classes.  Columns: BAD_KINDS as (mean, likeness).  Origins of a column's figures:
# complaint     Google's rule: below 0.10 %, never 0.30 % (answer/14229414); Return Path 2018: 0.9 % above a score of
#               91, 6.3 % below 10; 2016: 3.2 to 4.0 % in the middle bands (the junk folder hides a bot from users)
# unknown-user  Validity 2017: 1 % above 90, 8 to 11 % below 80; the bot's harvested list is assumed
# trap-pristine a rated "ok" relay had 8 hits (senderscore.org report page); the bad ones' are assumed
# trap-recycled assumed: old lists hit dead mailboxes oftener than planted ones; bots' lists are planted ones
# filtered      Microsoft's SNDS: green below 10 %, red above 90 %; 72 to 45 % in the inbox from 90 down to 71 (2016)
# malware       assumed: bots alone send it in numbers
_RATES = {
    #           complaint       unknown-user  trap-pristine  trap-recycled  filtered    malware
    "small":   ((3e-4, 800),    (.010, 60),   (1e-7, 1e5),   (2e-6, 1e5),   (.04, 15),  (1e-7, 1e5)),
    "mid":     ((6e-4, 800),    (.012, 60),   (1e-6, 1e5),   (1e-5, 1e5),   (.05, 15),  (1e-7, 1e5)),
    "large":   ((8e-4, 800),    (.010, 60),   (2e-6, 3e5),   (1e-5, 3e5),   (.05, 20),  (1e-7, 3e5)),
    "sloppy":  ((2.5e-3, 500),  (.050, 40),   (2e-5, 1e5),   (3e-4, 1e4),   (.15, 10),  (1e-7, 1e5)),
    "snowshoe": ((1.5e-2, 40),  (.080, 15),   (3e-3, 200),   (3e-3, 200),   (.45, 3),   (1e-5, 1e4)),
    "bot":     ((1.0e-2, 40),   (.250, 6),    (2e-2, 50),    (5e-3, 100),   (.70, 3),   (5e-3, 50)),
    "bulk":    ((2.5e-2, 60),   (.090, 20),   (5e-4, 2000),  (2e-3, 500),   (.55, 3),   (1e-6, 1e5)),
}  # fmt: skip

# Shares: about a third bad of addresses (assumed; of mail, Validity 2018: 36 % from above 90, 16 % from the worst).
# Volume and activity: assumed; snowshoe and bots stay small so as not to be seen (SNARE, USENIX Security 2009).
_SENDERS = {
    #            bad    share  volume      active
    "small":    (False, .45, (0.0, 1.7),   .75),
    "mid":      (False, .12, (1.7, 3.3),   .95),
    "large":    (False, .06, (3.3, 5.0),   .95),
    "sloppy":   (False, .05, (2.0, 4.3),   .95),
    "snowshoe": (True,  .14, (1.0, 2.5),   .70),
    "bot":      (True,  .13, (0.3, 1.6),   .50),
    "bulk":     (True,  .05, (3.0, 5.0),   .95),
}  # fmt: skip

CLASSES = tuple(
    SenderClass(name, *given, tuple(Rate(*each) for each in _RATES[name])) for name, given in _SENDERS.items()
)
# Published limits of good practice: Google's for complaints, Validity's worse bands for unknown users, SNDS's green.
LIMITS = {Kind.COMPLAINT: 0.003, Kind.UNKNOWN_USER: 0.08, Kind.FILTERED: 0.10}
CLEAN = ("small", "mid", "large")  # who must not be listed; the sloppy are legitimate, and have it coming

# Who reports: mailbox providers with feedback loops, hosters and firms without, trap networks.  Shares: assumed.
_ALL = (Kind.SENT, Kind.COMPLAINT, Kind.UNKNOWN_USER, Kind.FILTERED, Kind.MALWARE)
_NO_LOOP = (Kind.SENT, Kind.UNKNOWN_USER, Kind.FILTERED, Kind.MALWARE)
_TRAPS = (Kind.TRAP_PRISTINE, Kind.TRAP_RECYCLED)
SOURCES = (
    Source("provider-a", 0.30, 0.95, _ALL),
    Source("provider-b", 0.20, 0.90, _ALL),
    Source("provider-c", 0.12, 0.80, _ALL),
    Source("hoster-a", 0.12, 0.70, _NO_LOOP),
    Source("hoster-b", 0.08, 0.60, _NO_LOOP),
    Source("firm-a", 0.07, 0.40, _NO_LOOP),
    Source("firm-b", 0.06, 0.40, _NO_LOOP),
    Source("school", 0.05, 0.30, _NO_LOOP),
    Source("traps-a", 0.60, 0.80, _TRAPS),
    Source("traps-b", 0.40, 0.60, _TRAPS),
)
LIAR = 2  # the source that forges: one in ten, of middling size
OWN = (0, 8, 9)  # those that a list's operator may run itself: a provider's servers and the traps (assumed)


@dataclass(frozen=True, slots=True)
class Compromise:
    """A clean sender whose account is stolen: messages a day of its own, of spam, and for how many hours."""

    own: int
    spam: int
    hours: int


# scoring.md 6.3's cases: from a small firm to a large relay, of which the spam is one in twenty.
COMPROMISES = (
    Compromise(20, 200, 72),
    Compromise(300, 300, 72),
    Compromise(300, 3000, 6),
    Compromise(300, 3000, 72),
    Compromise(5000, 5000, 72),
    Compromise(100_000, 5000, 72),
)
POOL_TENANTS = 40
POOL_VOLUME = 20_000  # messages a day of a shared address (assumed)
POOL_SHARES = (0.01, 0.03, 0.1, 0.2, 0.3, 0.5)  # of the noisy tenant
POOL_UNSIGNED = 0.1  # of every tenant's mail has no valid signature, so that nobody can be named (assumed)
ROTATION_SHARE = 0.1  # of the pool's mail, whose domains change
ROTATION_STEPS = (1, 4, 16, 72, 432)  # ten-minute steps that a domain lives: about 14 to 6000 messages
ROTATION_NEWCOMERS = 3  # clean tenants that are new at the address as well

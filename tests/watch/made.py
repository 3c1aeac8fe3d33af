"""A made network of lists whose answers are a function of the time, and channels that only take note."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

from reputon.lists import BlockList, Catalogue, Code
from reputon.lists.blocklist import Pattern
from reputon.resolver import Answer, Question, Status
from reputon.watch.channels import NotDelivered, Unclear

START = datetime(2026, 11, 1, tzinfo=UTC)


def blocklist(name: str, **more: object) -> BlockList:
    codes = ((Pattern.parse("127.0.0.[2..254]"), Code("listed")),)
    fields: dict[str, object] = {"subjects": ("ip4", "ip6", "domain"), "codes": codes, "impact": "high"} | more
    return BlockList(name, f"{name}.test", **fields)  # type: ignore[arg-type]


@dataclass
class Clock:
    now: datetime = START

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Lists:
    """The resolver: `says(list, subject, now)` is a code, None for not listed, "?" for no answer."""

    lists: tuple[BlockList, ...]
    clock: Clock
    says: Callable[[str, str, datetime], str | None]
    asked: dict[str, list[datetime]] = field(default_factory=lambda: defaultdict(list))
    subjects: Counter[tuple[str, str]] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.names = {each.name for each in self.lists}

    @property
    def catalogue(self) -> Catalogue:
        return Catalogue(self.lists)

    def ask(self, questions: Iterable[Question]) -> list[Answer]:
        return [self._answer(question) for question in questions]

    def _answer(self, question: Question) -> Answer:
        labels, _, name = question.name.removesuffix(".test").rpartition(".")
        if name not in self.names:
            return Answer(question, Status.NXDOMAIN)
        self.asked[name].append(self.clock.now)
        subject = _subject(labels)
        said = {"127.0.0.2": "127.0.0.2", "127.0.0.1": None, "test": "127.0.0.2", "invalid": None}
        code = said[subject] if subject in said else self.says(name, subject, self.clock.now)
        if question.rdtype == "A":
            self.subjects[name, subject] += 1
        if self.says(name, "", self.clock.now) == "?" or code == "?":
            return Answer(question, Status.TIMEOUT, why="no answer in time")
        if code is None:
            return Answer(question, Status.NXDOMAIN)
        return Answer(question, Status.ANSWER, (code if question.rdtype == "A" else "spam was seen",))

    def most_in_a_day(self, name: str) -> int:
        """The most questions that fell into any 24 hours."""
        times, first, most = self.asked[name], 0, 0
        for place, moment in enumerate(times):
            while moment - times[first] >= timedelta(days=1):
                first += 1
            most = max(most, place - first + 1)
        return most


def _subject(labels: str) -> str:
    parts = labels.split(".")
    if len(parts) == 32:
        return str(ip_address(int("".join(reversed(parts)), 16)))
    return ".".join(reversed(parts)) if labels.replace(".", "").isdecimal() else labels


class Killed(BaseException):
    """The process ends here."""


@dataclass
class Note:
    """A channel: what arrived; `plan` says for each try what becomes of it."""

    plan: Callable[[int], str] = lambda number: "sent"
    arrived: list[tuple[str, str, str]] = field(default_factory=list)
    tries: int = 0

    def send(self, notice, channel) -> str:
        self.tries += 1
        what = self.plan(self.tries)
        if what in ("sent", "unclear", "killed after"):
            self.arrived.append((notice.subject, notice.list, str(notice.kind)))
        match what:
            case "unclear" | "unclear, lost":
                raise Unclear("no answer")
            case "refused":
                raise NotDelivered("busy")
            case "killed before" | "killed after":
                raise Killed
        return "ok"

"""Planning: whom each list is asked about now, in which calls, and when each watch has its next turn."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from reputon.lists import BlockList, Catalogue
from reputon.watch import sample, schedule
from reputon.watch.sample import Network
from reputon.watch.schedule import Load, Pace, Turn
from reputon.watch.subjects import OWN, Watch
from reputon.watch.transitions import Pair

WHOLE = 256  # addresses of a prefix, or of one's own, that are all looked at in each round
_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Scope:
    """What a watch stands for now: its networks (none for a domain), and the lists to ask."""

    watch: Watch
    networks: tuple[Network, ...]
    entries: tuple[BlockList, ...]
    most: int

    @property
    def families(self) -> tuple[str, ...]:
        """`ip4`, `ip6`, `domain`: the kinds of its subjects."""
        return ("domain",) if self.watch.kind == "domain" else tuple(sorted({f"ip{n.version}" for n in self.networks}))

    @property
    def size(self) -> int:
        """How many subjects there are; of an IPv6 network, one for each /64."""
        return 1 if self.watch.kind == "domain" else sample.size(self.networks)

    @property
    def is_sampled(self) -> bool:
        """Whether a round takes only some."""
        return self.size > self.most

    def subjects(self, turn: int) -> tuple[str, ...]:
        """The subjects of a round."""
        if self.watch.kind == "domain":
            return (self.watch.subject,)
        return sample.addresses(self.networks, self.most, turn, self.watch.subject)

    def load(self) -> Load:
        """What it wants of a list: of a sample as much again, for those that must be looked at again."""
        return Load(min(self.size, 2 * self.most), len(self.families), self.watch.every)


@dataclass(frozen=True, slots=True)
class Call:
    """Lists that are asked about the same subjects at once."""

    subjects: tuple[str, ...]
    lists: tuple[str, ...]


@dataclass
class Wanted:
    """Per list the subjects to ask about, each with the watch it is for: what settles a doubt, then the rest."""

    subjects: dict[str, dict[str, Watch]] = field(default_factory=dict)

    def add(self, name: str, watch: Watch, subjects: Iterable[str]) -> None:
        """Ask this list about these too."""
        mine = self.subjects.setdefault(name, {})
        for each in subjects:
            mine.setdefault(each, watch)


def scope(watch: Watch, networks: tuple[Network, ...], catalogue: Catalogue, keys: Iterable[str], most: int) -> Scope:
    """What a watch stands for: by default all lists that can be asked and that receivers refuse by."""
    whole = (watch.kind == "prefix" or watch.subject == OWN) and sample.size(networks) <= WHOLE
    found = Scope(watch, networks, (), max(most, WHOLE) if whole else most)
    kinds, held = set(found.families), {entry.name for key in keys if (entry := catalogue.find(key))}
    if watch.lists:
        named = (catalogue.find(name) for name in watch.lists)
        able = [entry for entry in named if entry is not None and entry.can_be_asked]
    else:
        able = [entry for entry in catalogue.lists if _is_everyday(entry, held)]
    entries = tuple(entry for entry in able if kinds & set(entry.subjects))
    return Scope(watch, networks, entries, found.most)


def _is_everyday(entry: BlockList, keys: set[str]) -> bool:
    can = entry.can_be_asked and entry.part_of is None and not entry.is_white
    return can and (not entry.needs_key or entry.name in keys)


def paces(scopes: Sequence[Scope]) -> dict[str, Pace]:
    """How each list can be watched over all watches."""
    entries: dict[str, BlockList] = {}
    loads: dict[str, list[Load]] = {}
    for each in scopes:
        load = each.load()
        for entry in each.entries:
            entries[entry.name] = entry
            loads.setdefault(entry.name, []).append(load)
    return {name: schedule.pace(entry, loads[name]) for name, entry in entries.items()}


def slow(paces: Mapping[str, Pace]) -> list[str]:
    """A sentence for each list that is asked more seldom than was wanted."""
    return [
        f"{name} is {'never asked' if pace.factor is None else 'asked more seldom'}: {pace.why}"
        for name, pace in sorted(paces.items())
        if pace.why
    ]


def held(scope: Scope, name: str, pairs: Iterable[Pair]) -> list[str]:
    """Of a sampled watch the subjects that are listed, in doubt or silent: they stay until that is over."""
    if not scope.is_sampled:
        return []
    mine = [each for each in pairs if each.list == name and _stands_out(each)]
    mine.sort(key=lambda each: (each.known.doubt is None, each.asked))
    return [each.subject for each in mine[: scope.most]]


def _stands_out(pair: Pair) -> bool:
    known = pair.known
    return bool(known.doubt or known.is_silent or (known.standing and known.standing.listed))


def within(
    wanted: Mapping[str, Watch], room: int, families: int, asked: Mapping[str, datetime], size: int = schedule.CALL
) -> list[str]:
    """As many subjects as a list's day has room for; those that were not asked for longest go first."""
    able = schedule.affordable(room, families, size)
    if able >= len(wanted):
        return list(wanted)
    order = sorted(wanted, key=lambda each: asked.get(each, _NEVER))
    return order[:able]


def calls(chosen: Mapping[str, Sequence[str]], sizes: Mapping[str, int]) -> list[Call]:
    """Lists with the same subjects share a call, unless one is slower; calls are cut to their size, the fast first."""
    together: dict[tuple[int, tuple[str, ...]], list[str]] = {}
    for name, subjects in chosen.items():
        if subjects:
            together.setdefault((sizes[name], tuple(subjects)), []).append(name)
    return [
        Call(subjects[start : start + size], tuple(names))
        for (size, subjects), names in sorted(together.items(), key=lambda each: -each[0][0])
        for start in range(0, len(subjects), size)
    ]


def next_turn(turn: Turn, watch: Watch, pace: Pace, share: float, now: datetime, house: str) -> Turn:
    """The turn after this one; `share` is the part of its subjects that could be asked about."""
    factor, seed = pace.factor or 1.0, f"{watch.subject} {turn.number}"
    due = schedule.next_time(now, watch.every, factor, share, seed, house)
    return Turn(turn.watch, turn.list, due, turn.number + 1)

"""Looking: one pass over what is due: the lists asked within their terms, the answers recorded."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from reputon import check
from reputon.lists import BlockList, Catalogue
from reputon.resolver import Resolver
from reputon.watch import planning, schedule
from reputon.watch import tables as t
from reputon.watch.history import History
from reputon.watch.notice import Notice
from reputon.watch.planning import Call, Scope, Wanted
from reputon.watch.recording import ListFacts
from reputon.watch.sample import Network
from reputon.watch.schedule import Pace, Turn
from reputon.watch.subjects import Known, Watch
from reputon.watch.transitions import Rules

SAMPLE = 32  # addresses in a round, of what is too large to be looked at whole

Clock = Callable[[], datetime]


@dataclass(frozen=True)
class Around:
    """What a pass works with; `channels` are the names of those to be told, `sample` the addresses in a round."""

    catalogue: Catalogue
    resolver: Resolver
    known: Known
    rules: Rules = field(default_factory=Rules)
    keys: Mapping[str, str] = field(default_factory=dict, repr=False)
    channels: tuple[str, ...] = ()
    sample: int = SAMPLE


@dataclass(frozen=True, slots=True)
class Looked:
    """What a pass did: how many answers it took in, what changed, and what it could not do as asked."""

    answers: int = 0
    changes: tuple[Notice, ...] = ()
    warnings: tuple[str, ...] = ()


def look(history: History, around: Around, clock: Clock, stopped: Callable[[], bool] = lambda: False) -> Looked:
    """Ask about everything that is due at the time `clock()`, and write down when each is due again."""
    now = clock()
    if history.is_idle(now):
        return Looked()
    turns, warnings = history.turns(), []
    scopes, failed = scopes_of(history, around, turns, now)
    warnings += failed
    paces = planning.paces(scopes)
    warnings += planning.slow(paces)
    due = [(scope, _turn(turns, scope.watch, entry.name, now)) for scope in scopes for entry in scope.entries]
    due = [(scope, turn) for scope, turn in due if turn.due <= now]
    wanted, of_turn = _wanted(history, scopes, due, paces, now)
    chosen = _chosen(history, wanted, scopes, now)
    asked, changes = _put(history, around, wanted, chosen, scopes, clock, stopped)
    if not stopped():
        rounds = []
        house = f"{scopes[0].watch.subject} {scopes[0].watch.added}" if scopes else ""
        for scope, turn in due:
            mine = of_turn[turn.watch, turn.list]
            share = len(mine & asked.get(turn.list, set())) / len(mine) if mine else 1.0
            rounds.append(planning.next_turn(turn, scope.watch, paces[turn.list], share, clock(), house))
        history.set_turns(rounds)
        history.settle(_gone(turns, scopes), now, now + schedule.LEAST)
    return Looked(sum(map(len, asked.values())), tuple(changes), tuple(warnings))


def scopes_of(
    history: History, around: Around, turns: Mapping[tuple[int, str], Turn], now: datetime
) -> tuple[list[Scope], list[str]]:
    """What each watch stands for, and a sentence for each where that could not be told."""
    scopes, failed = [], []
    begun = {watch for watch, _ in turns}
    late = {turn.watch for turn in turns.values() if turn.due <= now}
    for watch in history.watches():
        try:
            networks = _networks(history, around.known, watch, is_due=watch.id in late or watch.id not in begun)
        except (ValueError, OSError) as error:
            failed.append(f"{watch.subject} is not looked at: {error}")
            continue
        if watch.kind != "domain" and not networks:
            failed.append(f"{watch.subject} is not looked at: it names no addresses, or DNS could not tell")
            continue
        scopes.append(planning.scope(watch, networks, around.catalogue, around.keys, around.sample))
    return scopes, failed


def _networks(history: History, known: Known, watch: Watch, is_due: bool) -> tuple[Network, ...]:
    """An SPF record is walked when its turn comes; what it named last stands until it can be walked again."""
    if watch.kind != "spf":
        return known.networks(watch)
    kept = history.networks(watch)
    found = known.networks(watch) if is_due else ()
    if found and found != kept:
        history.keep_networks(watch, found)
    return found or kept


def _gone(turns: Iterable[tuple[int, str]], scopes: Iterable[Scope]) -> list[tuple[int, str]]:
    """The turns of lists that are no longer asked for a watch; of a watch that cannot be looked at now all stay."""
    asked = {scope.watch.id: {entry.name for entry in scope.entries} for scope in scopes if scope.entries}
    return [(watch, name) for watch, name in turns if watch in asked and name not in asked[watch]]


def _turn(turns: Mapping[tuple[int, str], Turn], watch: Watch, name: str, now: datetime) -> Turn:
    return turns.get((watch.id, name)) or Turn(watch.id, name, now)


def _wanted(
    history: History, scopes: Sequence[Scope], due: Iterable[tuple[Scope, Turn]], paces: Mapping[str, Pace],
    now: datetime,
) -> tuple[Wanted, dict[tuple[int, str], set[str]]]:  # fmt: skip
    """Whom to ask about: doubts that can be settled, then the rounds whose turn it is; and what each round is."""
    wanted, rounds = Wanted(), {}
    live = {each.watch.id: (each.watch, {entry.name for entry in each.entries}) for each in scopes}
    for pair in history.doubtful(now):
        watch, names = live.get(pair.watch, (None, set()))
        if watch is not None and pair.list in names and paces[pair.list].factor is not None:
            wanted.add(pair.list, watch, [pair.subject])
    for scope, turn in due:
        rounds[turn.watch, turn.list] = set[str]()
        if paces[turn.list].factor is None:
            continue
        pairs = history.pairs(t.pair.c.watch == turn.watch, t.pair.c.list == turn.list) if scope.is_sampled else []
        subjects = [*planning.held(scope, turn.list, pairs), *scope.subjects(turn.number)]
        rounds[turn.watch, turn.list] = set(subjects)
        wanted.add(turn.list, scope.watch, subjects)
    return wanted, rounds


def _chosen(history: History, wanted: Wanted, scopes: Sequence[Scope], now: datetime) -> dict[str, list[str]]:
    """Of what is wanted, what the lists' days have room for."""
    entries = _entries(scopes)
    chosen = {}
    for name, subjects in wanted.subjects.items():
        chosen[name] = list(subjects)
        if per_day := entries[name].per_day:
            asked = {each.subject: each.asked for each in history.pairs(t.pair.c.list == name)}
            room = int(per_day) - history.spent(name, now)
            chosen[name] = planning.within(
                subjects, room, _families(subjects), asked, schedule.call_size(entries[name])
            )
    return chosen


def _put(
    history: History, around: Around, wanted: Wanted, chosen: Mapping[str, Sequence[str]], scopes: Sequence[Scope],
    clock: Clock, stopped: Callable[[], bool],
) -> tuple[dict[str, set[str]], list[Notice]]:  # fmt: skip
    """Put the calls, each list's questions claimed first; whom each list was asked about, and what changed."""
    asked: dict[str, set[str]] = {}
    changes: list[Notice] = []
    entries = _entries(scopes)
    facts = {name: ListFacts(entry.impact, entry.who_may_ask or "") for name, entry in entries.items()}
    sizes = {name: schedule.call_size(entry) for name, entry in entries.items()}
    for call in planning.calls(chosen, sizes):
        if stopped():
            break
        now = clock()
        names = [name for name in call.lists if _claimed(history, entries[name], call, now)]
        if not names:
            continue
        found = check.ask(call.subjects, around.catalogue, around.resolver, now, names, around.keys)
        answers = [
            (subject, wanted.subjects[result.list][subject], result)
            for subject, checked in zip(call.subjects, found, strict=True) for result in checked.results
        ]  # fmt: skip
        changes += history.record(answers, around.rules, facts, around.channels, clock())
        for name in names:
            asked.setdefault(name, set()).update(call.subjects)
    return asked, changes


def _claimed(history: History, entry: BlockList, call: Call, now: datetime) -> bool:
    if not entry.per_day:
        return True
    return history.claim(entry.name, now, schedule.cost(len(call.subjects), _families(call.subjects)), entry.per_day)


def _entries(scopes: Iterable[Scope]) -> dict[str, BlockList]:
    return {entry.name: entry for each in scopes for entry in each.entries}


def _families(subjects: Iterable[str]) -> int:
    """How many kinds of subjects these are: each has test entries of its own."""
    return len(
        {"ip6" if ":" in each else "ip4" if each.replace(".", "").isdecimal() else "domain" for each in subjects}
    )

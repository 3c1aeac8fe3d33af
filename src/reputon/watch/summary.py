"""Summary: how everything that is watched stands, for people and programs that ask."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from reputon.watch import outbox, planning
from reputon.watch import tables as t
from reputon.watch.history import History
from reputon.watch.looking import Around
from reputon.watch.outbox import Alert, Status
from reputon.watch.schedule import Turn
from reputon.watch.subjects import Watch, WatchError, chosen, parse
from reputon.watch.transitions import Pair

_WORST = ("listed", "unknown", "clear", "")
_Of = TypeVar("_Of", Pair, Turn)
_STANDS = {"listed": "listed", "listed-by-policy": "listed", "unknown": "unknown"}


@dataclass(frozen=True, slots=True)
class Summary:
    """One watch: `size` addresses, looked at last and next; its `pairs` (subject, list), and those that stand out."""

    watch: Watch
    size: int
    asked: datetime | None
    next: datetime | None
    pairs: int
    listed: tuple[Pair, ...]
    doubtful: tuple[Pair, ...]
    unknown: tuple[Pair, ...]
    warnings: tuple[str, ...]


def of(history: History, around: Around) -> list[Summary]:
    """How each watch stands, without asking anybody."""
    scopes, failed, watches = {}, {}, history.watches()
    for watch in watches:
        try:
            networks = history.networks(watch) if watch.kind == "spf" else around.known.networks(watch)
            scopes[watch.id] = planning.scope(watch, networks, around.catalogue, around.keys, around.sample)
        except ValueError as error:
            failed[watch.id] = str(error)
    paces = planning.paces(list(scopes.values()))
    found, turns, pairs = [], _by_watch(history.turns().values()), _by_watch(history.pairs())
    for watch in watches:
        scope = scopes.get(watch.id)
        slow = planning.slow({entry.name: paces[entry.name] for entry in scope.entries}) if scope else []
        warnings = (*slow, *([failed[watch.id]] if watch.id in failed else []))
        mine = pairs.get(watch.id, []), turns.get(watch.id, [])
        found.append(_summary(watch, *mine, scope.size if scope else 0, warnings))
    return found


def _by_watch(all_of: Iterable[_Of]) -> dict[int, list[_Of]]:
    found: dict[int, list[_Of]] = {}
    for each in all_of:
        found.setdefault(each.watch, []).append(each)
    return found


def _summary(
    watch: Watch, pairs: Sequence[Pair], turns: Iterable[Turn], size: int, warnings: tuple[str, ...]
) -> Summary:
    return Summary(
        watch, size, max((each.asked for each in pairs), default=None),
        min((each.due for each in turns if each.list), default=None), len(pairs),
        tuple(each for each in pairs if each.known.standing and each.known.standing.listed),
        tuple(each for each in pairs if each.known.doubt), tuple(each for each in pairs if each.known.unknown_since),
        warnings,
    )  # fmt: skip


def untold(history: History) -> list[Alert]:
    """The alerts that somebody may have missed."""
    return outbox.alerts(history, Status.UNCLEAR, Status.FAILED)


def subjects_of(history: History, text: str) -> tuple[str, ...]:
    """The subjects that a person means: an address or domain itself, or those that a watch has looked at.

    WatchError where it was never watched, as far as the history goes back.
    """
    found = chosen(text, history.watches())
    subject = found.subject if found else parse(text)[1]
    if found is None and not history.pairs(t.pair.c.subject == subject) and not history.transitions(1, subject):
        raise WatchError(f"{subject} was never watched: see `reputon watch ls`")
    if found is None or found.kind in ("address", "domain"):
        return (subject,)
    return tuple(sorted({each.subject for each in history.pairs(t.pair.c.watch == found.id)})) or (subject,)


def days(history: History, subject: str, now: datetime, count: int) -> dict[str, list[str]]:
    """For each list how it stood at worst on each of the last days (UTC), the oldest first; empty: not asked."""
    first = now.date() - timedelta(days=count - 1)
    found: dict[str, list[str]] = {}
    for span in history.spans(subject, now - timedelta(days=count)):
        row = found.setdefault(span.list, [""] * count)
        stood = _STANDS.get(span.state, "clear")
        for place in range(
            max(0, (span.first.date() - first).days), min(count - 1, (span.last.date() - first).days) + 1
        ):
            row[place] = min(row[place], stood, key=_WORST.index)
    return dict(sorted(found.items()))

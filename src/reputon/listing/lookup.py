"""Lookup: everything that is known of one subject: its score and why, its past, who sends, its listing and clock."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from reputon.evidence.rows import key
from reputon.listing import policy
from reputon.listing.ledger import Ledger
from reputon.listing.policy import Listing, Settings, Verdict
from reputon.listing.sharing import SHARED
from reputon.score import about, arithmetic, as_table, history, neighbours, run
from reputon.score.arithmetic import Arithmetic, Counts, Worked
from reputon.score.asking import Asked
from reputon.score.engines import Engine
from reputon.score.history import Point
from reputon.score.judgement import Entity, Recent, together
from reputon.score.model import Score
from reputon.score.neighbours import Neighbourhood
from reputon.score.run import Results
from reputon.subject import Subject

ROWS = 400_000  # of the evidence by day that are redone one by one; of a sender with more, only its sums are


@dataclass(frozen=True, slots=True)
class Residual:
    """What an address would be without the one tenant that harms it most, and that tenant's part of its volume.

    `day`: the same of the last 24 hours as they are; None where there are none.
    """

    tenant: str
    volume: float
    worked: Worked
    day: Worked | None = None


@dataclass(frozen=True, slots=True)
class Day:
    """The last 24 hours, as the rule of listing looks at them: as they are, neither faded nor capped."""

    recent: Recent
    worked: Worked
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Known:
    """What is known.

    `parts`: an address's tenants, or a tenant's addresses, the worst first.  `arithmetic`: how the score is made, with
    the rows by day unless there are too many.  `names`: of the sources and tenants in it.  `tenants`: how many an
    address has in effect (None below three).  `since`: the first day that evidence is kept of.
    """

    subject: Subject
    score: Score | None
    parts: tuple[Score, ...]
    listing: Listing | None
    past: tuple[Listing, ...]
    arithmetic: Arithmetic | None
    names: Mapping[int, str]
    day: Day | None
    history: tuple[Point, ...] = ()
    since: int | None = None
    tenants: float | None = None
    residual: Residual | None = None
    around: tuple[Neighbourhood, ...] = ()
    around_as_of: datetime | None = None

    @property
    def is_shared(self) -> bool:
        """Whether so many tenants send from it that it is not listed for one of them."""
        return self.tenants is not None and self.tenants >= SHARED


def look_up(
    engine: Engine,
    asked: Asked,
    folder: Path,
    ledger: Ledger,
    subject: Subject,
    *,
    settings: Settings | None = None,
    table: Path | None = None,
    whole: bool = True,
) -> Known:
    """Look one subject up in evidence (as for `rescore`) and in the ledger.

    `table`: of autonomous systems.  Without `whole`, neither its past nor its neighbours.
    """
    is_address = subject.kind == "ip"
    which = f"subject = {subject.key}" if is_address else f"tenant = {key(subject.text)}"
    earlier = history.DAYS if whole else 0
    about.name(engine, asked, folder, which, earlier)
    parts, hours = about.parts(engine, asked), about.hours(engine, asked)
    past = ledger.past(asked.now - policy.MEMORY, subject)
    found = Known(
        subject=subject,
        score=about.score(engine, asked, "address" if is_address else "tenant"),
        parts=about.pairs(engine, asked),
        listing=ledger.listing(subject, asked.now),
        past=tuple(each for each in past if each.expires <= asked.now),
        arithmetic=None,
        names={},
        day=_day(hours, asked, settings or Settings()),
        since=_oldest(asked),
    )
    if is_address:
        around, as_of = _around(engine, asked, folder, subject, table) if whole else ((), None)
        residual = _residual(parts, hours, asked)
        found = replace(found, tenants=about.effective(engine), residual=residual, around=around, around_as_of=as_of)
    made, points = _redone(engine, asked, parts, earlier)
    return replace(found, arithmetic=made if parts else None, names=_names(asked, made), history=points)


def _redone(
    engine: Engine, asked: Asked, parts: Mapping[Entity, Counts], earlier: int
) -> tuple[Arithmetic, tuple[Point, ...]]:
    """The sum by its rows and its past; of too many rows, by the engine's sums and without a past."""
    count = about.count(engine)
    if count > ROWS:
        sums = arithmetic.added((each, 1) for each in parts.values())
        worked = arithmetic.worked(arithmetic.together(sums), asked.parameters)
        return Arithmetic(asked.today, (), arithmetic.sides(sums), worked), ()
    rows = arithmetic.grouped(about.rows(engine, asked, earlier))
    made = arithmetic.redone(rows, asked.parameters, asked.today)
    oldest = _oldest(asked)
    if not earlier or oldest is None:
        return made, ()
    return made, history.history(rows, count, asked.parameters, asked.today, oldest)


def _oldest(asked: Asked) -> int | None:
    return min((each.day for each in asked.sealed), default=None)


def _names(asked: Asked, made: Arithmetic) -> Mapping[int, str]:
    sources = {side.source for side in made.sides if side.source}
    return asked.names(sources | {pair.tenant for pair in made.pairs if pair.tenant})


def _day(hours: Mapping[Entity, Recent], asked: Asked, settings: Settings) -> Day | None:
    if not hours:
        return None
    recent = together(hours.values())
    (verdict,) = policy.verdicts({(0, ""): recent}, settings, asked.parameters, asked.now).values()
    return Day(recent, arithmetic.worked(recent.messages, asked.parameters), verdict)


def _residual(parts: Mapping[Entity, Counts], hours: Mapping[Entity, Recent], asked: Asked) -> Residual | None:
    """Without whom the address would score highest; None where nobody sends anything bad, or one alone sends."""
    harmful = [tenant for (_, tenant), each in parts.items() if any(map(arithmetic.bad, each.values()))]
    if not harmful or len(parts) < 2:
        return None
    whole = arithmetic.added((each, 1) for each in parts.values())
    by_tenant = {tenant: each for (_, tenant), each in parts.items()}
    left = {tenant: _without(whole, by_tenant[tenant], asked) for tenant in harmful}
    worst = max(left, key=lambda tenant: left[tenant].product)
    total = arithmetic.volume(whole)
    rest = together(each for (_, tenant), each in hours.items() if tenant != worst)
    day = arithmetic.worked(rest.messages, asked.parameters) if hours else None
    return Residual(worst, arithmetic.volume(by_tenant[worst]) / total if total else 0.0, left[worst], day)


def _without(whole: Counts, gone: Counts, asked: Asked) -> Worked:
    return arithmetic.worked(arithmetic.together(arithmetic.without(whole, gone)), asked.parameters)


def _around(
    engine: Engine, asked: Asked, folder: Path, subject: Subject, table: Path | None
) -> tuple[tuple[Neighbourhood, ...], datetime | None]:
    """Its network, and its AS where there is a table, by the last run's scores; they are no part of its own."""
    results: Results | None = run.latest(folder)
    if results is None or results.as_of > asked.now:
        return (), None
    network = neighbours.around(subject)
    wanted = [(str(network), [each for each in (neighbours.keys(network),) if each])]
    if table is not None and (found := as_table.of(table, subject)) is not None:
        wanted.append((f"AS{found.number} {found.name}".strip(), list(found.ranges)))
    made = (neighbours.neighbourhood(engine, asked, results, name, ranges) for name, ranges in wanted if ranges)
    return tuple(each for each in made if each is not None), results.as_of

"""Asking the lists: each tested once a run, all questions put at once within the lists' limits, the answers judged."""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice
from os import urandom

from reputon.check import health, limits
from reputon.check.inquiry import Inquiry, chosen, inquiry, keys_of, masked
from reputon.check.meaning import Checked, Proof, Result, State, judge, not_asked, overall, prove, with_text
from reputon.check.memory import Memory
from reputon.check.subjects import Target, target
from reputon.lists import BlockList, Catalogue
from reputon.lists.blocklist import SubjectKind
from reputon.resolver import Answer, PacedResolver, Question, Resolver, SeveralServers

FEW = 8  # subjects whose questions do not wait for the test entries: a person waits, and so little is asked in vain
_PROBES, _PROBES_AGAIN = 2, 4  # random labels below each zone that is empty: at first, and before a listing is believed
_LISTING = (State.LISTED, State.POLICY)

Cell = tuple[Target, Inquiry]
Wanted = tuple[Question, BlockList | None]  # a question, and the list whose limits it counts against


def ask(
    subjects: Iterable[str],
    catalogue: Catalogue,
    resolver: Resolver,
    now: datetime,
    only: Iterable[str] | None = None,
    keys: Mapping[str, str] | None = None,
) -> list[Checked]:
    """What the lists say of each subject (address or domain) at the time `now`; CheckError for what is neither.

    `only` names lists (by name, zone or word): then each of them matters; a zone of no catalogue is asked as RFC 5782
    says, and what names no list is passed over.  `keys` are those of lists that want one, by the list's name.
    """
    return Run(catalogue, resolver, only, keys).ask(subjects, now)


class Run:
    """One run over many subjects: what is learned of lists and of the resolver serves all of them.

    `memory` holds what earlier runs have learned and spent; without it nothing is kept.  `clock` gives the seconds by
    which a `PacedResolver` waits; other resolvers, such as a made world, are asked at once.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        resolver: Resolver,
        only: Iterable[str] | None = None,
        keys: Mapping[str, str] | None = None,
        memory: Memory | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._keys = keys_of(catalogue, keys or {})
        self._chosen = chosen(catalogue, only, self._keys)
        self._resolver, self._clock = resolver, clock
        self._memory = memory or Memory()
        self._inquiries: dict[SubjectKind, list[Inquiry]] = {}
        self._proofs: dict[str, Proof] = {}  # of the lists tested in this run
        self._paces: dict[str, limits.Pace] = {}
        self._probed = False
        self._others_probed = False
        self._rewrites: str | None = None

    @property
    def at_a_time(self) -> int:
        """How many subjects are best asked together."""
        return limits.subjects_at_a_time([entry for entry, _ in self._chosen if entry.can_be_asked])

    def why_none(self, subject: str) -> str:
        """Why no list is asked about a subject that none of the chosen lists takes."""
        what = {"ip4": "IPv4 addresses", "ip6": "IPv6 addresses", "domain": "domains"}[target(subject).kind]
        names = [entry.name for entry, _ in self._chosen]
        return f"{', '.join(names)} {'takes' if len(names) == 1 else 'take'} no {what}"

    def ask(self, subjects: Iterable[str], now: datetime) -> list[Checked]:
        """What the lists say of each subject, in their order; CheckError for what is neither address nor domain."""
        targets = [target(subject) for subject in subjects]
        once = list({each.text: each for each in targets}.values())
        found = dict(zip((each.text for each in once), self._ask(once, now), strict=True))
        if self._rewrites is None:
            self._memory.save()
        return [found[each.text] for each in targets]

    def _ask(self, targets: Sequence[Target], now: datetime) -> list[Checked]:
        rows = [self._of_kind(each.kind) for each in targets]
        untested = self._untested({each.mark: each for row in rows for each in row}.values(), now)
        if len(targets) > FEW:
            self._test(untested, (), now)
            untested = []
        cells = [(each, inquiry) for each, row in zip(targets, rows, strict=True) for inquiry in row]
        reasons = self._admit([inquiry for _, inquiry in cells], now)
        wanted = [(Question(f"{each.labels}.{inquiry.zone}", "A"), inquiry.entry)
                  for (each, inquiry), why in zip(cells, reasons, strict=True) if why is None]  # fmt: skip
        said = iter(self._test(untested, wanted, now))
        results = [self._judged(inquiry, next(said), now) if why is None
                   else not_asked(inquiry.entry, why, now, inquiry.matters)
                   for (_, inquiry), why in zip(cells, reasons, strict=True)]  # fmt: skip
        self._confirm(cells, results, now)
        rest = iter(results)
        return [_checked(each, tuple(islice(rest, len(row)))) for each, row in zip(targets, rows, strict=True)]

    def _of_kind(self, kind: SubjectKind) -> list[Inquiry]:
        if kind not in self._inquiries:
            self._inquiries[kind] = [
                inquiry(entry, matters, kind, self._keys) for entry, matters in self._chosen if kind in entry.subjects
            ]
        return self._inquiries[kind]

    # --- whether a list's word counts ---

    def _untested(self, inquiries: Iterable[Inquiry], now: datetime) -> list[Inquiry]:
        """The lists whose test entries are to be asked now: those never tested, and those whose test is too old."""
        known = ((each, self._memory.health(each.mark)) for each in inquiries if each.why is None)
        due = [each for each, last in known if last is None or not last.counts(now)]
        return [each for each in due if self._reserve(each.entry, 2, now) == 2]

    def _test(self, untested: Sequence[Inquiry], wanted: Sequence[Wanted], now: datetime) -> list[Answer]:
        """The answers to the questions wanted, put together with those that show whether answers are believed."""
        probes = _probes(_PROBES) if (untested or wanted) and not self._probed else []
        tests = [(point, each.entry) for each in untested for point in (each.always, each.never)]
        said = self._put([*((probe, None) for probe in probes), *tests, *wanted])
        about_resolver, points = said[: len(probes)], said[len(probes) : len(probes) + len(tests)]
        if probes:
            self._probed, self._rewrites = True, health.rewrites(about_resolver)
        self._learn(untested, points, now, health.reaches_others(about_resolver))
        return said[len(probes) + len(tests) :]

    def _learn(self, untested: Sequence[Inquiry], points: Sequence[Answer], now: datetime, reaches: bool) -> None:
        """Keep how the lists are; not while nothing can be reached, which says nothing of any list."""
        for place, each in enumerate(untested):
            always, never = (masked(answer, each.key) for answer in points[2 * place : 2 * place + 2])
            self._proofs[each.mark] = prove(each.entry, always, never)
        reaches = reaches or any(self._proofs[each.mark] == Proof() for each in untested)
        for each in untested if reaches and self._rewrites is None else ():
            self._keep(each, now)

    def _keep(self, each: Inquiry, now: datetime) -> None:
        self._memory.keep(each.mark, health.tested(self._memory.health(each.mark), self._proofs[each.mark], now))

    def _proof(self, each: Inquiry) -> Proof:
        if each.mark in self._proofs:
            return self._proofs[each.mark]
        known = self._memory.health(each.mark)
        return known.proof if known else Proof(silence="its test entries were not asked")

    # --- what its terms allow ---

    def _admit(self, inquiries: Iterable[Inquiry], now: datetime) -> list[str | None]:
        """For each question why it is not put; None where it is."""
        inquiries = list(inquiries)
        closed = {each.mark: self._closed(each, now) for each in {one.mark: one for one in inquiries}.values()}
        wanted = Counter(each.entry.name for each in inquiries if each.entry.per_day and not closed.get(each.mark))
        entries = {each.entry.name: each.entry for each in inquiries}
        left = {name: self._reserve(entries[name], count, now) for name, count in wanted.items()}
        reasons: list[str | None] = []
        for each in inquiries:
            why = each.why or closed[each.mark]
            if why is None and each.entry.per_day:
                left[each.entry.name] -= 1
                why = limits.over_limit(each.entry) if left[each.entry.name] < 0 else None
            reasons.append(why)
        return reasons

    def _closed(self, each: Inquiry, now: datetime) -> str | None:
        if each.why is not None or self._rewrites is not None:
            return each.why or self._rewrites
        known = self._memory.health(each.mark)
        return known.reason() if known and known.is_quarantined(now) else None

    def _reserve(self, entry: BlockList, wanted: int, now: datetime) -> int:
        return self._memory.reserve(entry.name, wanted, entry.per_day, now.astimezone(UTC).date())

    # --- asking and judging ---

    def _put(self, wanted: Sequence[Wanted]) -> list[Answer]:
        """The answers, each list asked at its own pace where the resolver can wait."""
        if not wanted:
            return []
        questions = [question for question, _ in wanted]
        paced = any(entry is not None and entry.per_second for _, entry in wanted)
        if not paced or not isinstance(self._resolver, PacedResolver):
            return self._resolver.ask(questions)
        now = self._clock()
        return self._resolver.ask_at(questions, [self._time(entry, now) for _, entry in wanted])

    def _time(self, entry: BlockList | None, now: float) -> float:
        if entry is None or not entry.per_second:
            return now
        at, self._paces[entry.name] = self._paces.get(entry.name, limits.Pace()).take(now, entry.per_second)
        return at

    def _judged(self, each: Inquiry, answer: Answer, now: datetime) -> Result:
        if self._rewrites is not None:
            return not_asked(each.entry, self._rewrites, now, each.matters)
        return judge(each.entry, masked(answer, each.key), self._proof(each), now, each.matters)

    def _confirm(self, cells: Sequence[Cell], results: list[Result], now: datetime) -> None:
        """Believe listings only if names that do not exist still do not, and the list does not list everybody by now.

        A resolver may rewrite some answers and not others, as one of its servers does.  With them go the questions for
        the lists' own words.
        """
        listed = [(place, *cells[place]) for place, result in enumerate(results) if result.state in _LISTING]
        if not listed:
            return
        again = [each for each in {each.mark: each for _, _, each in listed}.values() if each.mark not in self._proofs]
        texts = [(place, each, Question(f"{subject.labels}.{each.zone}", "TXT")) for place, subject, each in listed
                 if self._reserve(each.entry, 1, now)]  # fmt: skip
        again = [each for each in again if self._reserve(each.entry, 1, now)]
        probes = _probes(_PROBES_AGAIN)
        said = iter(self._put([*((probe, None) for probe in probes), *((each.never, each.entry) for each in again),
                               *((question, each.entry) for _, each, question in texts)]))  # fmt: skip
        self._rewrites = health.rewrites([*islice(said, len(probes)), *self._by_other_servers()])
        for each, never in zip(again, islice(said, len(again)), strict=True):
            self._learn_again(each, masked(never, each.key), now)
        for (place, each, _), answer in zip(texts, said, strict=True):
            if text := " / ".join(masked(answer, each.key).records):
                results[place] = with_text(results[place], text)
        for place, _, each in listed:
            if why := self._rewrites or self._proof(each).word:
                results[place] = not_asked(each.entry, why, now, each.matters)

    def _by_other_servers(self) -> list[Answer]:
        """What servers say of names that do not exist which are asked only when the first is silent; once a run."""
        if self._others_probed or not isinstance(self._resolver, SeveralServers):
            return []
        self._others_probed = True
        return [answer for other in self._resolver.others() for answer in other.ask(_probes(_PROBES))]

    def _learn_again(self, each: Inquiry, never: Answer, now: datetime) -> None:
        self._proofs[each.mark] = Proof(self._proof(each).silence, prove(each.entry, never, never).word)
        if self._proofs[each.mark].word and self._rewrites is None:
            self._keep(each, now)


def _probes(labels: int) -> list[Question]:
    return health.probes(urandom(8).hex() for _ in range(labels))


def _checked(subject: Target, results: tuple[Result, ...]) -> Checked:
    return Checked(subject.text, overall(results), results)

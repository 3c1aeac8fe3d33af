"""Examining a bounce: gather what the lists, DNS, the headers and earlier bounces say, and have it decided."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache

from reputon import check
from reputon.authentication import results as authentication_results
from reputon.authentication.judgement import Authentication, Now, is_provider, is_receiver, judge
from reputon.bounce.report import Message, Report
from reputon.cause import owner
from reputon.cause.case import Case, Cause, Fact, ListState
from reputon.cause.decide import decide
from reputon.cause.incidents import Incidents, address_of, domain_of
from reputon.cause.provider import Provider
from reputon.cause.world import World
from reputon.check.meaning import Checked, Result, State
from reputon.resolver import Nobody

# The most telling report of a message first: reputation before policy before the rest.
_TELLING = ("ip", "domain", "auth", "content", "rate", "other")

_LIST_STATES: dict[State, ListState] = {
    State.LISTED: "listed",
    State.POLICY: "listed",
    State.CLEAN: "clean",
    State.UNKNOWN: "unknown",
}


def examine(
    message: Message, world: World, incidents: Incidents | None = None
) -> tuple[tuple[Checked, ...], Cause | None]:
    """What the lists say now, and whose fault it is; no cause where the message reports no refusal.

    `incidents` are those of all bounces at hand, made once for a run; without them this message and the world's
    earlier ones count.
    """
    report = most_telling(message.reports)
    if report is None:
        return (), None
    if report.listed_ip != (found := address_of(report)):  # anything else would be compared with networks in vain
        report = replace(report, listed_ip=found)
    incidents = Incidents.of([*world.earlier, message], world.sent, world.providers) if incidents is None else incidents
    checks, case = _case(message, report, world, incidents)
    return checks, decide(case)


def most_telling(reports: Sequence[Report]) -> Report | None:
    """The report that the cause is sought for: of those that failed or wait, the one most about reputation."""
    refused = [report for report in reports if report.action in ("failed", "delayed")]
    return min(refused, key=lambda report: _TELLING.index(report.subject_kind or "other"), default=None)


def _check(report: Report, subject: str | None, world: World) -> tuple[Checked, ...]:
    named = [each for each in (report.list, report.zone) if each]
    # Where neither a list nor an address's reputation is spoken of, half a hundred lists would be asked for nothing.
    if subject is None or (report.subject_kind != "ip" and not named):
        return ()
    try:
        found = check.ask([subject], world.catalogue, world.resolver, world.now, named or None, world.keys)
    except check.CheckError:
        return ()  # what the refusal shows as an address is none that a list can be asked about
    return tuple(found)


def _case(message: Message, report: Report, world: World, incidents: Incidents) -> tuple[tuple[Checked, ...], Case]:
    """What the lists say of the listed address or domain, and everything known about the refusal."""
    address, left_from = owner.address(message, report)
    domain = owner.listed_domain(message, report, world)
    checks = _check(report, domain if report.subject_kind == "domain" else address, world)
    results = [result for checked in checks for result in checked.results]
    state, why = _list_state(report, results)
    names = cache(lambda: owner.reverse_names(address, world.resolver))
    provider, range_ = owner.provider(address, report, message, world, names)
    authentication = _authentication(message, report, address, provider, world)
    words = " ".join(each for each in (report.wrapper_enhanced, report.wrapper_text) if each)
    entry = world.catalogue.by_words(report.list) if report.list else None
    return checks, Case(
        report=report,
        address=address,
        list_state=state,
        list_why=why,
        provider=provider,
        pool=provider.pool_of(address, words) if provider else None,
        marks=_marks(provider, message),
        authentication=authentication,
        inventory=world.inventory,
        sent_by_us=world.sent.has(message.message_id),
        matched_bounces=incidents.matched(report),
        list_is_closed=entry is not None and entry.is_closed,
        lists_all=bool(report.list or report.zone) and any(result.lists_all for result in results),
        returned_headers=bool(_headers(message)),
        domain=domain,
        left_from=left_from,
        owner=owner.proof(address, message, world, names),
        range=range_,
        provider_wrote=provider is not None and owner.lies_below(message.reporter, provider.hosts),
        silent_domain=owner.silent_domain(authentication, provider),
    )


def _headers(message: Message) -> tuple[tuple[str, str], ...]:
    return message.returned.headers if message.returned else ()


def _list_state(report: Report, results: Sequence[Result]) -> tuple[ListState, str]:
    states = {_LIST_STATES.get(result.state) for result in results}
    for state in ("listed", "unknown", "clean"):  # clean only if every list that the bounce names says so
        if state in states and (report.list or report.zone):
            why = next(result.why or result.meaning for result in results if _LIST_STATES.get(result.state) == state)
            return state, why or state
    if not report.list and not report.zone:
        return "unknown", "the refusal names no list"
    return "unknown", f"{report.list or report.zone} cannot be asked"


def _marks(provider: Provider | None, message: Message) -> tuple[Fact, ...]:
    marks = provider.marks if provider else ()
    return tuple(
        Fact(f"{mark.means} ({name}: {word.upper()})", f"returned header {name}")
        for mark in marks
        for name, value in _headers(message)
        if (word := mark.word_in(name, value))
    )


def _authentication(
    message: Message, report: Report, address: str | None, provider: Provider | None, world: World
) -> Authentication:
    headers = _headers(message)
    author = domain_of(message.header("from")) or owner.own_domain(message, report, world)
    receivers = {name for name in (report.rhost, domain_of(report.recipient)) if name}
    seals = provider.seals if provider else ()
    return judge(
        authentication_results.read(headers, lambda name: is_receiver(name, receivers) or is_provider(name, seals)),
        receivers=receivers,
        provider=seals,
        now=_dns_now(message, address, author, provider, world),
        author=author,
    )


def _dns_now(
    message: Message, address: str | None, author: str | None, by: Provider | None, world: World
) -> Now | None:
    """SPF, DKIM and DMARC as DNS has them now, for that address; None where nothing can be asked."""
    sender = domain_of(message.header("return-path")) or author
    if sender is None or address is None or isinstance(world.resolver, Nobody):
        return None
    from reputon.authentication import gather  # an offline run asks nothing

    return gather.now(_headers(message), address, author, sender, by.id if by else None, world.resolver)

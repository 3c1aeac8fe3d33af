"""Examining a bounce: gather what the lists, DNS, the headers and earlier bounces say, and have it decided."""

from collections.abc import Sequence
from dataclasses import replace

from reputon import check
from reputon.authentication import results as authentication_results
from reputon.authentication.judgement import Authentication, Now, is_provider, is_receiver, judge
from reputon.bounce.report import Message, Report
from reputon.cause.decide import Case, Cause, Fact, ListState, decide
from reputon.cause.incidents import Incidents, address_of, domain_of
from reputon.cause.provider import Provider
from reputon.cause.world import World
from reputon.check.meaning import Checked, State
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
    checks = _check(report, world)
    incidents = Incidents.of([*world.earlier, message], world.sent, world.providers) if incidents is None else incidents
    return checks, decide(_case(message, report, checks, world, incidents))


def most_telling(reports: Sequence[Report]) -> Report | None:
    """The report that the cause is sought for: of those that failed or wait, the one most about reputation."""
    refused = [report for report in reports if report.action in ("failed", "delayed")]
    return min(refused, key=lambda report: _TELLING.index(report.subject_kind or "other"), default=None)


def _check(report: Report, world: World) -> tuple[Checked, ...]:
    if report.listed_ip is None:
        return ()
    named = [each for each in (report.list, report.zone) if each]
    try:
        found = check.ask([report.listed_ip], world.catalogue, world.resolver, world.now, named or None, world.keys)
    except check.CheckError:
        return ()  # what the refusal shows as an address is none that a list can be asked about
    return tuple(found)


def _case(message: Message, report: Report, checks: tuple[Checked, ...], world: World, incidents: Incidents) -> Case:
    address = report.listed_ip
    provider = _provider(address, report, message, world)
    state, why = _list_state(report, checks)
    words = " ".join(each for each in (report.wrapper_text, report.text) if each)
    entry = world.catalogue.by_words(report.list) if report.list else None
    return Case(
        report=report,
        address=address,
        list_state=state,
        list_why=why,
        provider=provider,
        pool=provider.pool_of(address, words) if provider else None,
        marks=_marks(provider, message),
        authentication=_authentication(message, report, provider, world),
        inventory=world.inventory,
        sent_by_us=world.sent.has(message.message_id),
        matched_bounces=incidents.matched(report),
        list_is_closed=entry is not None and entry.is_closed,
        returned_headers=bool(_headers(message)),
    )


def _headers(message: Message) -> tuple[tuple[str, str], ...]:
    return message.returned.headers if message.returned else ()


def _provider(address: str | None, report: Report, message: Message, world: World) -> Provider | None:
    """The provider whose range holds the address; without an address, the one whose server wrote the bounce."""
    for provider in world.providers.values():
        if address is not None:
            if provider.prefix_of(address):
                return provider
        elif (
            any(_below(message.reporter, host) for host in provider.hosts) and report.enhanced in provider.tenant_codes
        ):
            return provider
    return None


def _below(host: str | None, name: str) -> bool:
    return host is not None and (host.lower() == name or host.lower().endswith("." + name))


def _list_state(report: Report, checks: tuple[Checked, ...]) -> tuple[ListState, str]:
    results = [result for checked in checks for result in checked.results]
    states = {_LIST_STATES.get(result.state) for result in results}
    for state in ("listed", "unknown", "clean"):  # clean only if every list that the bounce names says so
        if state in states and (report.list or report.zone):
            why = next(result.why or result.meaning for result in results if _LIST_STATES.get(result.state) == state)
            return state, why or state
    if not report.list and not report.zone:
        return "unknown", "the refusal names no list"
    return "unknown", f"{report.list or report.zone} cannot be asked"


def _marks(provider: Provider | None, message: Message) -> tuple[Fact, ...]:
    if provider is None:
        return ()
    return tuple(
        Fact(f"{mark.means} ({name}: {word.upper()})", f"returned header {name}")
        for name, value in _headers(message)
        for mark in provider.marks
        if mark.header == name.lower()
        for word in mark.words
        if word in value.lower()
    )


def _authentication(message: Message, report: Report, provider: Provider | None, world: World) -> Authentication:
    headers = _headers(message)
    author = domain_of(_first(headers, "from"))
    receivers = {name for name in (report.rhost, domain_of(report.recipient)) if name}
    seals = provider.seals if provider else ()
    return judge(
        authentication_results.read(headers, lambda name: is_receiver(name, receivers) or is_provider(name, seals)),
        receivers=receivers,
        provider=seals,
        now=_dns_now(headers, report, author, provider, world),
        author=author,
    )


def _dns_now(
    headers: tuple[tuple[str, str], ...], report: Report, author: str | None, provider: Provider | None, world: World
) -> Now | None:
    """SPF, DKIM and DMARC as DNS has them now, for the listed address; None where nothing can be asked."""
    sender = domain_of(_first(headers, "return-path")) or author
    if sender is None or report.listed_ip is None or isinstance(world.resolver, Nobody):
        return None
    from reputon.authentication import gather  # an offline run asks nothing

    service = provider.id if provider else None
    return gather.now(headers, report.listed_ip, author, sender, service, world.resolver)


def _first(headers: tuple[tuple[str, str], ...], name: str) -> str | None:
    return next((value for key, value in headers if key.lower() == name), None)

"""Examining a bounce: gather what the lists, DNS, the headers and earlier bounces say, and have it decided."""

from collections.abc import Iterable, Sequence
from ipaddress import ip_address

from reputon import check
from reputon.authentication import domains, spf
from reputon.authentication import results as authentication_results
from reputon.authentication.judgement import Authentication, judge
from reputon.bounce.report import Message, Report
from reputon.cause.decide import Case, Cause, Fact, ListState, decide
from reputon.cause.provider import Provider
from reputon.cause.world import World
from reputon.check.meaning import Checked, State
from reputon.resolver import Nobody
from reputon.subject import SubjectError

# The most telling report of a message first: reputation before policy before the rest.
_TELLING = ("ip", "domain", "auth", "content", "rate", "other")

_LIST_STATES: dict[State, ListState] = {
    State.LISTED: "listed",
    State.POLICY: "listed",
    State.CLEAN: "clean",
    State.UNKNOWN: "unknown",
}


def examine(message: Message, world: World, others: Iterable[Message] = ()) -> tuple[tuple[Checked, ...], Cause | None]:
    """What the lists say now, and whose fault it is; no cause where the message reports no refusal.

    `others` are messages read in the same run; with the world's earlier ones they make the incident.
    """
    report = most_telling(message.reports)
    if report is None:
        return (), None
    checks = _check(report, world)
    return checks, decide(_case(message, report, checks, world, [*world.earlier, *others]))


def most_telling(reports: Sequence[Report]) -> Report | None:
    """The report that the cause is sought for: of those that failed or wait, the one most about reputation."""
    refused = [report for report in reports if report.action in ("failed", "delayed")]
    return min(refused, key=lambda report: _TELLING.index(report.subject_kind or "other"), default=None)


def _check(report: Report, world: World) -> tuple[Checked, ...]:
    if report.listed_ip is None:
        return ()
    named = [each for each in (report.list, report.zone) if each]
    return tuple(
        check.ask([report.listed_ip], world.catalogue, world.resolver, world.now, only=named or None, keys=world.keys)
    )


def _case(
    message: Message, report: Report, checks: tuple[Checked, ...], world: World, others: Sequence[Message]
) -> Case:
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
        matched_bounces=_matched(message, report, others, world),
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
    author = _domain_of(_first(headers, "from"))
    receivers = {name for name in (report.rhost, _domain_of(report.recipient)) if name}
    return judge(
        authentication_results.read(headers),
        receivers=[_owner(name) for name in receivers],
        provider=provider.seals if provider else (),
        spf_now=_spf_now(headers, report, author, world),
        author=author,
    )


def _spf_now(headers: tuple[tuple[str, str], ...], report: Report, author: str | None, world: World) -> spf.Spf | None:
    """SPF as DNS has it now, for the listed address; None where nothing can be asked."""
    sender = _domain_of(_first(headers, "return-path")) or author
    if sender is None or report.listed_ip is None or isinstance(world.resolver, Nobody):
        return None
    return spf.evaluate(report.listed_ip, f"postmaster@{sender}", sender, world.resolver)


def _matched(message: Message, report: Report, others: Iterable[Message], world: World) -> int:
    """How many bounces from this receiver name the same list, each of a different message that we really sent."""
    found = set()
    for each in (message, *others):
        if world.sent.has(each.message_id) and any(_same(report, other, world) for other in each.reports):
            found.add(each.message_id)
    return len(found)


def _same(report: Report, other: Report, world: World) -> bool:
    if not other.list or other.list != report.list or not other.listed_ip or not report.listed_ip:
        return False
    same_receiver = _receiver(report) is not None and _receiver(report) == _receiver(other)
    return same_receiver and _pool_key(report, world) == _pool_key(other, world)


def _receiver(report: Report) -> str | None:
    name = report.rhost or _domain_of(report.recipient)
    return _owner(name) if name else None


def _pool_key(report: Report, world: World) -> object:
    """What a listed address stands for: its provider's pool, or only itself."""
    assert report.listed_ip is not None
    for provider in world.providers.values():
        if provider.prefix_of(report.listed_ip):
            pool = provider.pool_of(report.listed_ip, report.wrapper_text or "")
            return provider.id, pool.id if pool else None
    return ip_address(report.listed_ip)


def _first(headers: tuple[tuple[str, str], ...], name: str) -> str | None:
    return next((value for key, value in headers if key.lower() == name), None)


def _domain_of(text: str | None) -> str | None:
    domain = (text or "").rpartition("@")[2].strip().rstrip(">").strip().lower()
    return domain if text and "@" in text and domain else None


def _owner(name: str) -> str:
    try:
        return domains.organizational(name)
    except SubjectError:
        return name.lower()

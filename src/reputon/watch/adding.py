"""Adding: a watch made of what a person asked for, refused where it could never be looked at."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from ipaddress import IPv4Network, ip_network

from reputon.watch import planning, schedule
from reputon.watch.looking import Around
from reputon.watch.planning import Scope
from reputon.watch.subjects import LISTS, NAME_LENGTH, Watch, WatchError, parse

_LONGEST = timedelta(days=30)
_WIDEST = {4: 8, 6: 20}
_NOBODYS = IPv4Network("0.0.0.0/8")


def made(text: str, name: str, every: timedelta, lists: Sequence[str], around: Around, now: datetime) -> Watch:
    """The watch; WatchError says what to write instead."""
    kind, subject = parse(text)
    if not schedule.LEAST <= every <= _LONGEST:
        raise WatchError("--every: from 10m to 30d")
    if len(name) > NAME_LENGTH or not name.isprintable():
        raise WatchError(f"--name: at most {NAME_LENGTH} characters that can be printed")
    if kind == "pool":
        around.known.pool(subject)  # refuses a pool that nobody knows
    if kind in ("address", "prefix"):
        _check_space(subject)
    watch = Watch(subject, kind, name or subject, every, now, _named(lists, around))
    if watch.lists:
        _check_kinds(watch, around)
    return watch


def scope(watch: Watch, around: Around) -> Scope | None:
    """What the watch stands for, where that can be told without asking anybody: not for `spf:`."""
    if watch.kind == "spf":
        return None
    return planning.scope(watch, around.known.networks(watch), around.catalogue, around.keys, around.sample)


def _check_space(subject: str) -> None:
    """Refuses what is too wide to come to an end, and what nobody sends from; loopback holds the lists' test entries.

    Private and documentation space may stand in lists of one's own.
    """
    network = ip_network(subject)
    if network.prefixlen < (widest := _WIDEST[network.version]):
        raise WatchError(f"{subject} is too wide to be watched: /{widest} at most, better the addresses you send from")
    nobodys = isinstance(network, IPv4Network) and network.subnet_of(_NOBODYS)
    if network.is_reserved or network.is_multicast or network.is_link_local or network.is_unspecified or nobodys:
        raise WatchError(f"{subject} is reserved space, from which no mail comes: give addresses that send")


def _check_kinds(watch: Watch, around: Around) -> None:
    """Refuses a watch of which none of its lists knows anything."""
    found = scope(watch, around)
    kinds = set(found.families) if found else {"ip4", "ip6"}
    entries = [entry for name in watch.lists if (entry := around.catalogue.find(name))]
    if not any(kinds & set(entry.subjects) for entry in entries):
        able = "addresses" if watch.kind == "domain" else "domains or other addresses"
        raise WatchError(f"--lists: {', '.join(watch.lists)}: only {able} stand there, so {watch.subject} cannot")


def _named(lists: Sequence[str], around: Around) -> tuple[str, ...]:
    """The names of the lists; closed ones are never asked, and private ones cannot be."""
    if len(lists) > LISTS:
        raise WatchError(f"--lists: at most {LISTS}")
    found = []
    for name in lists:
        entry = around.catalogue.find(name)
        if entry is None:
            raise WatchError(f"--lists: there is no list called {name!r}: give a name from the catalogue, or a zone")
        if not entry.can_be_asked:
            raise WatchError(f"--lists: {entry.name} cannot be asked ({entry.status})")
        found.append(entry.name)
    return tuple(dict.fromkeys(found))

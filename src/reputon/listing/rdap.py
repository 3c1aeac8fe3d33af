"""RDAP: whom to tell of an address: the abuse contact of its registration (RFC 9082, 9083; bootstrap: RFC 9224)."""

import http.client
import json
import socket
import ssl
from collections.abc import Iterator
from contextlib import closing, suppress
from ipaddress import ip_address, ip_network
from typing import Any
from urllib.parse import SplitResult, urljoin, urlsplit

from reputon import deadline
from reputon.subject import Subject

SIZE = 2 << 20  # bytes of one answer: IANA's file of IPv4 has 10 kB, a registration 5 to 50 kB
TIMEOUT = 10.0  # seconds for each step
WHOLE = 30.0  # seconds for one answer, all its steps together
REDIRECTS = 5
_MOVED = (301, 302, 303, 307, 308)
_DEPTH = 4  # of entities within entities
_MOST = 3  # addresses that a notice goes to
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


class RdapError(ValueError):
    """No abuse contact could be had; the message says why."""


def abuse_contacts(subject: Subject, bootstrap: str) -> tuple[str, ...]:
    """The abuse contacts of an address, as the registry has them, three at most; RdapError.

    `bootstrap`: the folder of IANA's `ipv4.json` and `ipv6.json` (RFC 9224), as https://data.iana.org/rdap/.
    """
    address = ip_address(subject.text.removesuffix("/64"))
    folder = bootstrap if bootstrap.endswith("/") else bootstrap + "/"
    services = _get(f"{folder}ipv{address.version}.json")
    base = _service(services, str(address))
    found = tuple(dict.fromkeys(_emails(_get(f"{base}ip/{address}"))))
    if not found:
        raise RdapError(f"the registration of {subject} at {base} names no abuse contact")
    return found[:_MOST]


def _service(answer: Any, address: str) -> str:
    """The server for the longest prefix that holds the address, HTTPS before HTTP (RFC 9224 sections 3 and 5)."""
    wanted, best, found = ip_address(address), -1, ""
    for prefixes, urls in _pairs(answer):
        for text in prefixes:
            with suppress(ValueError):
                network = ip_network(text)
                if wanted in network and network.prefixlen > best and urls:
                    best, found = network.prefixlen, min(urls, key=lambda url: not url.startswith("https:"))
    if not found:
        raise RdapError(f"the bootstrap file names no RDAP server for {address}")
    return found if found.endswith("/") else found + "/"


def _pairs(answer: Any) -> Iterator[tuple[list[str], list[str]]]:
    services = answer.get("services") if isinstance(answer, dict) else None
    for each in services if isinstance(services, list) else ():
        if isinstance(each, list) and len(each) == 2 and all(isinstance(part, list) for part in each):
            prefixes, urls = ([text for text in part if isinstance(text, str)] for part in each)
            yield prefixes, urls


def _emails(answer: Any, depth: int = 0) -> Iterator[str]:
    """The addresses in the vCards of entities with the role `abuse`, the nearest to the address first."""
    entities = answer.get("entities") if isinstance(answer, dict) else None
    known = [each for each in entities if isinstance(each, dict)] if isinstance(entities, list) else []
    for each in known:
        roles = each.get("roles")
        if isinstance(roles, list) and "abuse" in roles:
            yield from _card(each.get("vcardArray"))
    if depth < _DEPTH:
        for each in known:
            yield from _emails(each, depth + 1)


def _card(card: Any) -> Iterator[str]:
    """The addresses of a jCard (RFC 7095): ["vcard", [["email", {}, "text", "abuse@example.org"], ...]]."""
    properties = card[1] if isinstance(card, list) and len(card) == 2 and isinstance(card[1], list) else []
    for each in properties:
        if isinstance(each, list) and len(each) == 4 and each[0] == "email" and isinstance(each[3], str):
            address = each[3].strip().removeprefix("mailto:")
            if is_address(address):
                yield address


def is_address(text: str) -> bool:
    """Whether text is one plain mail address, which cannot break out of a header or an envelope."""
    local, at, name = text.rpartition("@")
    plain = text.isascii() and text.isprintable() and not set(text) & set(' <>,;:"()[]\\')
    return bool(at and local and name) and plain and len(text) <= 254


def _get(url: str) -> Any:
    """The JSON at an address, redirects followed to HTTPS only (and to loopback from loopback); RdapError."""
    for _ in range(REDIRECTS + 1):
        try:
            target = urlsplit(url)
            status, where, body = _fetched(target)
            after = urlsplit(urljoin(url, where))
        except RdapError:
            raise
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise RdapError(f"RDAP: {url} cannot be read: {getattr(error, 'strerror', None) or error}") from None
        if status == 200:
            return _parsed(body, url)
        if status not in _MOVED or not where:
            raise RdapError(f"RDAP: {url} answered {status}")
        if after.scheme == "http" and target.scheme == "https":
            raise RdapError(f"RDAP: {url} sends us to {after.geturl()}, without TLS")
        url = after.geturl()
    raise RdapError(f"RDAP: more than {REDIRECTS} redirects, to {url} at last")


def _fetched(url: SplitResult) -> tuple[int, str, bytes]:
    held: list[socket.socket] = []  # http.client forgets its socket where the server closes after its answer
    with closing(_connection(url)) as connection, deadline.ended_by(WHOLE, lambda: (held or [connection.sock])[0]):
        connection.connect()
        held.append(connection.sock)
        path = (url.path or "/") + (f"?{url.query}" if url.query else "")
        headers = {"Accept": "application/rdap+json, application/json", "User-Agent": "reputon"}
        connection.request("GET", path, headers=headers)
        with connection.getresponse() as answer:
            body = answer.read(SIZE + 1) if answer.status == 200 else b""
            return answer.status, answer.headers.get("Location", ""), body


def _connection(url: SplitResult) -> http.client.HTTPConnection:
    host = url.hostname or ""
    if url.scheme == "https" and host:
        return http.client.HTTPSConnection(host, url.port, timeout=TIMEOUT, context=ssl.create_default_context())
    if url.scheme == "http" and host in _LOOPBACK:
        return http.client.HTTPConnection(host, url.port, timeout=TIMEOUT)
    raise RdapError(f"RDAP: {url.geturl()}: https:// is needed (http:// only to this machine)")


def _parsed(body: bytes, url: str) -> Any:
    if len(body) > SIZE:
        raise RdapError(f"RDAP: {url} sent more than {SIZE >> 20} MiB")
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise RdapError(f"RDAP: {url} sent no JSON") from None

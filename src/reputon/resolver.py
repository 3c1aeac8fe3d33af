"""Asking DNS: questions in, answers out, and "could not tell" is an answer with its reason.

The same protocol is served by real servers, by the files of a made world, and by nobody (offline), so that every
judgement about DNS can be tried without a network.
"""

import asyncio
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Protocol

import dns.asyncquery
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.resolver

WORLD_SIZE = 16 << 20  # bytes of a dns.json that we are willing to read
PORT = 53
IN_FLIGHT = 100  # questions at a time: more loses datagrams at small servers (research/remedy.md 2.3)


class ResolverError(ValueError):
    """A resolver that cannot be used as named; the message says what to write instead."""


class Status(StrEnum):
    """What became of a question.  Everything but the first three is "unknown", never "not there"."""

    ANSWER = "answer"
    NODATA = "nodata"
    NXDOMAIN = "nxdomain"
    SERVFAIL = "servfail"
    REFUSED = "refused"
    TIMEOUT = "timeout"
    ERROR = "error"
    NOT_ASKED = "not-asked"


@dataclass(frozen=True, slots=True)
class Question:
    """A name (no last dot needed) and a record type such as `A`, `TXT`, `MX`, `PTR`."""

    name: str
    rdtype: str


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to one question: `records` as text (TXT joined and unquoted), `why` for an unknown one."""

    question: Question
    status: Status
    records: tuple[str, ...] = ()
    why: str = ""

    @property
    def is_known(self) -> bool:
        """Whether DNS said what is there, be it nothing."""
        return self.status in (Status.ANSWER, Status.NODATA, Status.NXDOMAIN)


class Resolver(Protocol):
    """Whoever answers questions: one call for many, so that they can be asked at the same time."""

    def ask(self, questions: Iterable[Question]) -> list[Answer]:
        """One answer per question, in their order; never raises for what the network does."""
        ...


class Nobody:
    """The resolver of an offline run: nothing is asked, and everything is unknown because of that."""

    def __init__(self, why: str = "not asked: offline") -> None:
        self.why = why

    def ask(self, questions: Iterable[Question]) -> list[Answer]:
        """Every question unanswered, with the reason."""
        return [Answer(question, Status.NOT_ASKED, why=self.why) for question in questions]


class World:
    """The DNS of a made world, read from a `dns.json` (DESIGN.md section 4).

    A name that is not there is NXDOMAIN, one without the type NODATA; `*.` matches any labels below it;
    `{"rcode": ...}` and `{"timeout": true}` are the answers of broken servers.
    """

    def __init__(self, names: Mapping[str, Mapping[str, Any]]) -> None:
        self._names = {name.rstrip(".").lower(): entry for name, entry in names.items()}

    @classmethod
    def read(cls, path: Path) -> "World":
        """Read a dns.json; ResolverError where it is none."""
        if path.stat().st_size > WORLD_SIZE:
            raise ResolverError(f"{path} is larger than {WORLD_SIZE >> 20} MiB")
        try:
            names = json.loads(path.read_bytes())
        except (ValueError, RecursionError) as error:
            raise ResolverError(f"{path} is not JSON: {error}") from None
        if not isinstance(names, dict) or not all(isinstance(entry, dict) for entry in names.values()):
            raise ResolverError(f'{path}: expected {{"name": {{"A": ["192.0.2.1"]}}}}')
        return cls(names)

    def ask(self, questions: Iterable[Question]) -> list[Answer]:
        """The file's answers."""
        return [self._answer(question) for question in questions]

    def _answer(self, question: Question) -> Answer:
        entry = self._find(question.name.rstrip(".").lower())
        if entry is None:
            return Answer(question, Status.NXDOMAIN)
        if entry.get("timeout"):
            return Answer(question, Status.TIMEOUT, why="no answer in time")
        if "rcode" in entry:
            return _of_rcode(question, str(entry["rcode"]).upper())
        records = tuple(str(record) for record in entry.get(question.rdtype, ()))
        return Answer(question, Status.ANSWER if records else Status.NODATA, records)

    def _find(self, name: str) -> Mapping[str, Any] | None:
        if name in self._names:
            return self._names[name]
        labels = name.split(".")
        for cut in range(1, len(labels)):
            entry = self._names.get("*." + ".".join(labels[cut:]))
            if entry is not None:
                return entry
        below = "." + name  # a name with names below it exists, empty (RFC 8020)
        return {} if any(other.endswith(below) for other in self._names) else None


class Servers:
    """Real DNS over UDP, then TCP where an answer was cut; each server tried in turn."""

    def __init__(self, servers: Iterable[tuple[str, int]], timeout: float = 2.0, tries: int = 2) -> None:
        self.servers = tuple(servers)
        self.timeout = timeout
        self.tries = tries

    def ask(self, questions: Iterable[Question]) -> list[Answer]:
        """Ask at most IN_FLIGHT questions at a time; must not be called from a running event loop."""
        return asyncio.run(self._ask_all(list(questions)))

    async def _ask_all(self, questions: list[Question]) -> list[Answer]:
        room = asyncio.Semaphore(IN_FLIGHT)

        async def one(question: Question) -> Answer:
            async with room:
                return await self._ask(question)

        return list(await asyncio.gather(*(one(question) for question in questions)))

    async def _ask(self, question: Question) -> Answer:
        try:
            query = dns.message.make_query(question.name, question.rdtype, use_edns=0)
        except (dns.exception.DNSException, UnicodeError) as error:
            return Answer(question, Status.ERROR, why=f"not a name that DNS can be asked for: {error}")
        last = Answer(question, Status.TIMEOUT, why=f"no answer in {self.timeout:g} s, {self.tries} tries")
        for attempt in range(self.tries):
            host, port = self.servers[attempt % len(self.servers)]
            try:
                response, _ = await dns.asyncquery.udp_with_fallback(query, host, timeout=self.timeout, port=port)
            except dns.exception.Timeout:
                continue
            except (OSError, dns.exception.DNSException, EOFError) as error:
                last = Answer(question, Status.ERROR, why=f"{host}:{port}: {error or type(error).__name__}")
                continue
            last = _of_message(question, response)
            if last.is_known or last.status is Status.REFUSED:
                break
        return last


def named(text: str) -> Resolver:
    """The resolver that a person named: `system`, `HOST`, `HOST:PORT` or `[IPv6]:PORT`."""
    if text == "system":
        try:
            found = dns.resolver.Resolver()
        except dns.resolver.NoResolverConfiguration:
            return Nobody("not asked: this machine names no DNS resolver")
        return Servers([(str(server), found.port) for server in found.nameservers])
    host, port = _host_and_port(text)
    try:
        return Servers([(str(ip_address(host)), port)])
    except (ValueError, dns.exception.SyntaxError):
        raise ResolverError(f"resolver {text!r}: expected `system` or ADDRESS[:PORT], as in 127.0.0.1:5300") from None


def _host_and_port(text: str) -> tuple[str, int]:
    host, separator, port = text.rpartition(":")
    if not separator or text.endswith("]") or (":" in host and not host.startswith("[")):
        return text.strip("[]"), PORT
    if not port.isdecimal() or not 0 < int(port) < 1 << 16:
        raise ResolverError(f"resolver {text!r}: {port!r} is not a port")
    return host.strip("[]"), int(port)


def _of_message(question: Question, response: dns.message.Message) -> Answer:
    if response.rcode() is not dns.rcode.NOERROR:
        extra = "; ".join(str(option) for option in response.options)
        return _of_rcode(question, dns.rcode.to_text(response.rcode()), extra)
    wanted = dns.rdatatype.from_text(question.rdtype)
    records = tuple(_text(record) for rrset in response.answer if rrset.rdtype == wanted for record in rrset)
    return Answer(question, Status.ANSWER if records else Status.NODATA, records)


def _of_rcode(question: Question, rcode: str, extra: str = "") -> Answer:
    status = {"NXDOMAIN": Status.NXDOMAIN, "SERVFAIL": Status.SERVFAIL, "REFUSED": Status.REFUSED}.get(
        rcode, Status.ERROR
    )
    why = "" if status is Status.NXDOMAIN else f"the server said {rcode}" + (f" ({extra})" if extra else "")
    return Answer(question, status, why=why)


def _text(record: Any) -> str:
    if record.rdtype == dns.rdatatype.TXT:
        return b"".join(record.strings).decode("utf-8", "replace")
    return str(record).rstrip(".") if record.rdtype == dns.rdatatype.PTR else str(record)

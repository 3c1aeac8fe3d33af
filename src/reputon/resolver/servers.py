"""Servers: asking real DNS, over UDP by our own packets and over TCP by dnspython."""

import time
from collections.abc import Iterable, Sequence
from typing import Any

import dns.exception
import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype
import dns.resolver

from reputon.resolver import Answer, Question, Status, of_rcode, packets
from reputon.resolver.exchange import Exchange

TCP_TIMEOUT = 2.0  # seconds; only answers that were cut go this way
_KNOWN = {0: Status.ANSWER, 3: Status.NXDOMAIN}


class Servers:
    """Real DNS over UDP, then TCP where an answer was cut; each server tried in turn.

    `timeout`: the seconds that one try has; two of 0.7 s leave a dead list within the two that a person waits.
    """

    def __init__(self, servers: Iterable[tuple[str, int]], timeout: float = 0.7, tries: int = 2) -> None:
        self.servers = tuple(servers)
        self.timeout = timeout
        self.tries = tries
        self.name = ",".join(f"{host}:{port}" for host, port in self.servers)

    def ask(self, questions: Iterable[Question]) -> list[Answer]:
        """Ask as many questions at a time as the servers bear."""
        return self.ask_at(list(questions), None)

    def ask_at(self, questions: Sequence[Question], at: Sequence[float] | None) -> list[Answer]:
        """Ask each question not before its time, in seconds of `time.monotonic`."""
        return _Batch(self, questions).run(at)

    def others(self) -> list["Servers"]:
        """The servers after the first, each alone and with one try."""
        return [Servers([server], self.timeout, 1) for server in self.servers[1:]]


class _Batch:
    """The questions of one call, and what is known of each so far."""

    def __init__(self, servers: Servers, questions: Sequence[Question]) -> None:
        self._servers, self._questions = servers, questions
        silent = f"no answer in {servers.timeout:g} s, {servers.tries} tries"
        self.answers = [Answer(question, Status.TIMEOUT, why=silent) for question in questions]
        self._cut: list[tuple[int, int]] = []

    def run(self, at: Sequence[float] | None) -> list[Answer]:
        packed: list[bytes] = []
        self._places: list[int] = []
        for place, question in enumerate(self._questions):
            try:
                packed.append(packets.question(question.name, dns.rdatatype.from_text(question.rdtype)))
                self._places.append(place)
            except (ValueError, dns.exception.DNSException) as error:
                why = f"not a name that DNS can be asked for: {error}"
                self.answers[place] = Answer(question, Status.ERROR, why=why)
        self._packed = packed
        if packed:
            times = at and [at[place] for place in self._places]
            self._exchange(times or None)
        for place, server in self._cut:
            self.answers[place] = _over_tcp(self._questions[place], self._servers.servers[server])
        return self.answers

    def _exchange(self, at: Sequence[float] | None) -> None:
        settings = self._servers
        try:
            exchange = Exchange(settings.servers, settings.timeout, settings.tries, time.monotonic)
        except OSError as error:
            for place in self._places:
                self.answers[place] = Answer(self._questions[place], Status.ERROR, why=f"{settings.name}: {error}")
            return
        exchange.run(self._packed, self._heard, at)

    def _heard(self, number: int, data: bytes | None, server: int) -> bool:
        place = self._places[number]
        question = self._questions[place]
        if data is None:
            host, port = self._servers.servers[server]
            self.answers[place] = Answer(question, Status.ERROR, why=f"{host}:{port} cannot be reached")
            return False
        answer = _read(question, data, self._packed[number])
        if answer is None:
            self._cut.append((place, server))
            return True
        self.answers[place] = answer
        return answer.is_known or answer.status is Status.REFUSED


def _read(question: Question, data: bytes, packed: bytes) -> Answer | None:
    """What a reply says; None where it was cut, and TCP is to be asked."""
    try:
        if question.rdtype not in ("A", "TXT"):
            message = dns.message.from_wire(data)
            return None if message.flags & dns.flags.TC else _of_message(question, message)
        reply = packets.read(data, packed)
        if reply.is_cut:
            return None
        status = _KNOWN.get(reply.code)
        if status is None:  # rare, and extended errors say why
            return _of_message(question, dns.message.from_wire(data))
    except (packets.BadPacket, dns.exception.DNSException, ValueError) as error:
        return Answer(question, Status.ERROR, why=f"a reply that cannot be read: {error or type(error).__name__}")
    if status is Status.ANSWER and not reply.records:
        status = Status.NODATA
    return Answer(question, status, reply.records)


def _over_tcp(question: Question, server: tuple[str, int]) -> Answer:
    host, port = server
    try:
        query = dns.message.make_query(question.name, question.rdtype, use_edns=0)
        return _of_message(question, dns.query.tcp(query, host, timeout=TCP_TIMEOUT, port=port))
    except dns.exception.Timeout:
        return Answer(question, Status.TIMEOUT, why=f"cut over UDP, and no answer in {TCP_TIMEOUT:g} s over TCP")
    except (OSError, dns.exception.DNSException, EOFError) as error:
        return Answer(question, Status.ERROR, why=f"cut over UDP; TCP {host}:{port}: {error or type(error).__name__}")


def of_system() -> Servers | None:
    """The servers that this machine is set up with; None where it names none."""
    try:
        found = dns.resolver.Resolver()
    except dns.resolver.NoResolverConfiguration:
        return None
    return Servers([(str(server), found.port) for server in found.nameservers])


def _of_message(question: Question, response: dns.message.Message) -> Answer:
    if response.rcode() is not dns.rcode.NOERROR:
        extra = "; ".join(str(option) for option in response.options)
        return of_rcode(question, dns.rcode.to_text(response.rcode()), extra)
    wanted = dns.rdatatype.from_text(question.rdtype)
    records = tuple(_text(record) for rrset in response.answer if rrset.rdtype == wanted for record in rrset)
    return Answer(question, Status.ANSWER if records else Status.NODATA, records)


def _text(record: Any) -> str:
    if record.rdtype == dns.rdatatype.TXT:
        return b"".join(record.strings).decode("utf-8", "replace")
    return str(record).rstrip(".") if record.rdtype == dns.rdatatype.PTR else str(record)

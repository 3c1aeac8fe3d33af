"""Servers: asking real DNS, over UDP and TCP."""

import asyncio
from collections.abc import Iterable
from typing import Any

import dns.asyncquery
import dns.exception
import dns.message
import dns.rcode
import dns.rdatatype
import dns.resolver

from reputon.resolver import Answer, Question, Status, of_rcode

IN_FLIGHT = 100  # questions at a time: more loses datagrams at small servers (research/remedy.md 2.3)


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

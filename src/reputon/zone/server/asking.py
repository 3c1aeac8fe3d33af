"""Asking: what a table answers to a name and a type, for whoever has no socket."""

from collections.abc import Callable
from dataclasses import dataclass
from time import time

import dns.message
import dns.rcode
import dns.rdatatype
from dns.rdtypes.txtbase import TXTBase

from reputon.zone.server.responder import Responder
from reputon.zone.table import Table


@dataclass(frozen=True, slots=True)
class Said:
    """A record of an answer; `text` is the data as a person writes it, TXT without quotes."""

    rdtype: str
    ttl: int
    text: str


def ask(table: Table, name: str, rdtype: str, clock: Callable[[], float] = time) -> dns.message.Message:
    """The response to a question, as over TCP; dns.exception.DNSException where the name or the type is none."""
    query = dns.message.make_query(name, rdtype)
    said = Responder(table, clock=clock).one(query.to_wire(), "", over_tcp=True)
    assert said is not None  # a question that dnspython writes is one
    return dns.message.from_wire(said)


def said(response: dns.message.Message) -> tuple[str, list[Said]]:
    """The code by its name, and the records of the answer."""
    found = [
        Said(dns.rdatatype.to_text(each.rdtype), each.ttl, _text(data)) for each in response.answer for data in each
    ]
    return dns.rcode.to_text(response.rcode()), found


def _text(data: object) -> str:
    return b"".join(data.strings).decode("utf-8", "replace") if isinstance(data, TXTBase) else str(data)

"""An ordinary authoritative server over the records of a zone (RFC 1034 section 4.3.2, RFC 4592); slow."""

import dns.message
import dns.rcode

from reputon.zone.dump.records import generic, told
from reputon.zone.server.responder import Responder
from reputon.zone.table import Table


class Naive:
    """Owners with their A records; what is above an owner exists too."""

    def __init__(self, table: Table, row: int, now: int = 0) -> None:
        self._codes: dict[str, set[str]] = {}
        for owner in told(table, row, now):
            assert owner.labels not in self._codes, "an owner is told once"
            self._codes[owner.labels] = set(owner.codes)
        for labels, record in generic(table, row):
            said = self._codes.setdefault(labels, set())
            if record[:2] == b"\0\1":
                said.add(".".join(map(str, record[10:])))
        self._there = {""}
        for each in self._codes:
            parts = each.split(".")
            self._there.update(".".join(parts[at:]) for at in range(len(parts)))

    def codes(self, labels: str) -> set[str]:
        """The A records that the name would be answered with."""
        if labels in self._there:
            return self._codes.get(labels, set())
        above = labels
        while above not in self._there:
            above = above.partition(".")[2]
        return self._codes.get(f"*.{above}" if above else "*", set())


class Kernel:
    """Our own answers."""

    def __init__(self, table: Table, now: int = 0) -> None:
        self._zones = table.zones
        self._responder = Responder(table, clock=lambda: now)

    def codes(self, row: int, labels: str) -> set[str]:
        """The A records that a name below an apex is answered with."""
        whole = f"{labels}.{self._zones[row].apex}".strip(".")
        name = b"".join(bytes((len(each),)) + each.encode() for each in whole.split("."))
        said = self._responder.one(b"\0\7\0\0\0\1\0\0\0\0\0\0" + name + b"\0\0\1\0\1", "192.0.2.1")
        assert said is not None
        message = dns.message.from_wire(said)
        assert message.rcode() in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN)
        return {each.to_text() for rrset in message.answer for each in rrset}

"""Receiver: a mail server that asks our zones at connect and after SPF, and reports what it sees as evidence."""

import asyncio
import json
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from reputon.authentication import spf
from reputon.authentication.domains import organizational
from reputon.resolver import Question, Resolver
from reputon.simulate import writing
from reputon.simulate.clock import Clock
from reputon.simulate.scene import ROOT, Letter
from reputon.simulate.smtp import PROVIDER_PEER, RELAY_PEER, Host

LOG, TRAPS, COMPLAINTS = "mail.jsonl", "traps.jsonl", "complaints"


@dataclass(frozen=True, slots=True)
class Seen:
    """What became of one message at the receiver's door."""

    at: datetime
    message_id: str
    address: str


class Receiver(Host):
    """Use with `with`.  Every delivered message is in `delivered`; evidence lies in files of `folder`."""

    def __init__(self, folder: Path, resolver: Resolver, clock: Clock, letters: Iterable[Letter]) -> None:
        self.folder = folder
        self.delivered: list[Seen] = []
        self._resolver = resolver
        self._clock = clock
        self._letters = {letter.message_id: letter for letter in letters}
        self._spf: dict[tuple[str, str], bool] = {}
        self._writing = threading.Lock()
        (folder / COMPLAINTS).mkdir(parents=True)
        super().__init__(writing.RECEIVER_HOST, proxied=True)

    async def handle_PROXY(self, _server: Any, session: Any, _envelope: Any, proxy: Any) -> bool:  # noqa: N802
        """Believe the header only from the configured peers; ask the list about the address that it tells."""
        if session.peer[0] not in (PROVIDER_PEER, RELAY_PEER):
            return False
        session.outside = str(proxy.src_addr)
        name = ip_address(session.outside).reverse_pointer.removesuffix(".in-addr.arpa")
        session.refused = await asyncio.to_thread(self._listed, f"{name}.bl.{ROOT}")
        return True

    async def handle_RCPT(  # noqa: N802
        self, _server: Any, session: Any, envelope: Any, address: str, _options: list[str]
    ) -> str:
        """Refuse listed addresses and tenants here, as Postfix does, so that the log has sender and recipient."""
        if session.refused is not None:
            return f"554 5.7.1 Service unavailable; Client host [{session.outside}] blocked using {session.refused}"
        sender = str(envelope.mail_from).rpartition("@")[2]
        tenant = await asyncio.to_thread(self._tenant, session.outside, sender)
        refused = await asyncio.to_thread(self._listed, f"{tenant}.dom.{ROOT}") if tenant else None
        if refused is not None:
            return f"554 5.7.1 Service unavailable; Sender domain [{tenant}] blocked using {refused}"
        session.tenant = tenant
        if address.startswith("gone"):
            self._saw(LOG, session.outside, tenant, "sent", "unknown-user")
            return f"550 5.1.1 <{address}>: Recipient address rejected: User unknown in local recipient table"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"

    async def handle_DATA(self, _server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        """Keep the message; traps and complaints follow from who got it."""
        found = envelope.content.partition(b"Message-ID: <")[2].partition(b">")[0].decode()
        letter, outside = self._letters.get(found), session.outside
        self._saw(LOG, outside, session.tenant, "sent", "delivered")
        self.delivered.append(Seen(self._clock.now, found, outside))
        if any(each.startswith("trap") for each in envelope.rcpt_tos):
            self._saw(TRAPS, outside, session.tenant, "trap-pristine")
        if letter is not None and letter.is_complained_of:
            said = f"spf=pass smtp.mailfrom={session.tenant}" if session.tenant else "spf=fail"
            text = writing.complaint(envelope.content, letter, outside, said, self._clock.now)
            (self.folder / COMPLAINTS / f"{found.partition('@')[0]}.eml").write_bytes(text)
        return "250 2.0.0 Ok: queued"

    def _listed(self, name: str) -> str | None:
        """The zone and what it says, where it lists the name; whatever is unknown lets mail pass."""
        answer, text = self._resolver.ask([Question(name, "A"), Question(name, "TXT")])
        if not any(record.startswith("127.0.0.") for record in answer.records):
            return None
        zone = "bl." + ROOT if name.endswith(f".bl.{ROOT}") else "dom." + ROOT
        return f"{zone}; {' '.join(text.records[:1])}"

    def _tenant(self, address: str, sender: str) -> str | None:
        """The authenticated tenant: the organizational domain of an envelope sender that passes SPF."""
        if (address, sender) not in self._spf:
            found = spf.evaluate(address, f"office@{sender}", sender, self._resolver)
            self._spf[address, sender] = found.result == "pass"
        return organizational(sender) if self._spf[address, sender] else None

    def _saw(self, file: str, address: str, tenant: str | None, *kinds: str) -> None:
        said = {"time": self._clock.now.isoformat(), "ip": address, "tenant": tenant or ""}
        with self._writing, (self.folder / file).open("a") as log:
            log.writelines(json.dumps({**said, "kind": kind}) + "\n" for kind in kinds)

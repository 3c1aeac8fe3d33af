"""Provider: a small MTA with a shared outbound pool: takes tenants' mail, sends it, reports what was refused."""

import random
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol

from reputon.reroute.adapters import table
from reputon.reroute.switch import Place
from reputon.simulate import writing
from reputon.simulate.clock import Clock
from reputon.simulate.scene import POOL
from reputon.simulate.smtp import LOOPBACK, PROVIDER_PEER, Envelope, Host, Reply, send

LOG, BOUNCES = "maillog", "bounces"


@dataclass(frozen=True, slots=True)
class Queued:
    """A message in the queue."""

    id: str
    envelope: Envelope

    @property
    def tenant(self) -> str:
        """Whose it is."""
        return self.envelope.sender.rpartition("@")[2]


@dataclass(frozen=True, slots=True)
class Way:
    """How a message leaves: to whom, and from which outside address; none when a relay uses its own."""

    to: tuple[str, int]
    outside: str | None


@dataclass(frozen=True, slots=True)
class Bounce:
    """A report that was written to a tenant."""

    tenant: str
    message_id: str
    file: Path


class Outbound(Protocol):
    """A provider as the story needs it: the small MTA, or a real one."""

    def __enter__(self) -> "Outbound": ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    @property
    def address(self) -> tuple[str, int]:
        """Where tenants hand in their mail."""
        ...

    def flush(self) -> list[Bounce]:
        """Send what is queued; what came back."""
        ...

    def stop(self, tenant: str) -> None:
        """Take no more mail of a tenant."""
        ...

    def place(self, tenant: str) -> Place:
        """Where a tenant's routes are switched."""
        ...


MakeOutbound = Callable[[Path, tuple[str, int], Clock, int], Outbound]


class Provider(Host):
    """Use with `with`.  A tenant's own routes lie in `connectors/TENANT/reputon_transport` and go before the pool."""

    def __init__(self, folder: Path, receiver: tuple[str, int], clock: Clock, seed: int) -> None:
        self.folder = folder
        self._stopped: set[str] = set()
        self._receiver = receiver
        self._clock = clock
        # Not for secrets: the same seed must choose the same addresses again.
        self._dice = random.Random(seed)  # noqa: S311
        self._queue: list[Queued] = []
        self._taking = threading.Lock()
        self._number = 0
        (folder / BOUNCES).mkdir(parents=True)
        super().__init__(writing.PROVIDER_HOST)

    def place(self, tenant: str) -> Place:
        """Where a tenant's own routes are switched."""
        folder = self.folder / "connectors" / tenant
        folder.mkdir(parents=True, exist_ok=True)
        return Place("table", folder)

    def stop(self, tenant: str) -> None:
        """Take no more mail of a tenant."""
        self._stopped.add(tenant)

    async def handle_MAIL(  # noqa: N802
        self, _server: Any, _session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        """Take no mail of tenants that were stopped."""
        if address.rpartition("@")[2] in self._stopped:
            return "550 5.7.1 This account was stopped because of spam"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 Ok"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        """Queue it."""
        for recipient in envelope.rcpt_tos:
            self._take(Envelope(envelope.mail_from, recipient, envelope.content))
        return "250 2.0.0 Ok: queued"

    def _take(self, envelope: Envelope) -> None:
        with self._taking:
            self._number += 1
            name = f"{self._number:06X}"
            tenant = envelope.sender.rpartition("@")[2]
            content = writing.sealed(envelope.content, tenant, name, self._clock.now)
            self._queue.append(Queued(name, Envelope(envelope.sender, envelope.recipient, content)))

    def flush(self) -> list[Bounce]:
        """Send what is queued; the reports about what was refused.  What was put off stays in the queue."""
        with self._taking:
            queue, self._queue = self._queue, []
        ways: dict[Way, list[Queued]] = defaultdict(list)
        for each in queue:
            ways[self._way(each)].append(each)
        bounces: list[Bounce] = []
        for way, messages in ways.items():
            replies = send(way.to, (each.envelope for each in messages), PROVIDER_PEER, way.outside)
            for each, reply in zip(messages, replies, strict=True):
                self._log(each, way, reply)
                bounces += self._settled(each, reply)
        return bounces

    def _way(self, message: Queued) -> Way:
        routes = self.folder / "connectors" / message.tenant / table.FILE
        if routes.exists():
            found = table.read(routes.read_text()).get(message.envelope.recipient.rpartition("@")[2])
            if found is not None:
                host, _, port = found[1].rpartition(":")
                return Way((host.strip("[]"), int(port)), None)
        return Way(self._receiver, self._dice.choice(POOL))

    def _settled(self, message: Queued, reply: Reply) -> Iterable[Bounce]:
        if reply.code // 100 == 4:
            self._queue.append(message)
        if reply.code // 100 != 5:
            return ()
        envelope = message.envelope
        text = writing.report(
            envelope.content, envelope.sender, envelope.recipient, reply.line, message.id, self._clock.now
        )
        file = self.folder / BOUNCES / f"{message.tenant}.{message.id}.eml"
        file.write_bytes(text)
        return (Bounce(message.tenant, message_id(envelope.content), file),)

    def _log(self, message: Queued, way: Way, reply: Reply) -> None:
        state = {2: "sent", 4: "deferred", 5: "bounced"}.get(reply.code // 100, "unknown")
        from_ = way.outside or f"relay {LOOPBACK}:{way.to[1]}"
        line = (
            f"{self._clock.now:%Y-%m-%dT%H:%M:%SZ} {writing.PROVIDER_HOST} smtp: {message.id}: "
            f"from=<{message.envelope.sender}>, to=<{message.envelope.recipient}>, address={from_}, "
            f"status={state} ({reply.line})\n"
        )
        with (self.folder / LOG).open("a") as log:
            log.write(line)


def message_id(content: bytes) -> str:
    """The Message-ID of a message of this world, without its brackets."""
    return content.partition(b"Message-ID: <")[2].partition(b">")[0].decode()

"""A real SMTP receiver: keeps what it takes, and answers as it is told where it refuses."""

from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from aiosmtpd.controller import Controller

from tests.servers.postfix import free_port

REFUSAL = "554 5.7.1 Service unavailable; Client host [192.0.2.7] blocked using bl.reputon.test"


@dataclass
class Receiver:
    """`refuse`: the answer to a recipient, or None to take it; `at` says at which command it answers."""

    refuse: Callable[[str], str | None] = lambda recipient: None
    at: str = "RCPT"
    taken: list[tuple[str, bytes]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def __enter__(self) -> Self:
        self.port = free_port()
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port)
        self._controller.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._controller.stop()

    async def handle_RCPT(  # noqa: N802 - aiosmtpd calls it so
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        self.asked.append(address)
        answer = self.refuse(address) if self.at == "RCPT" else None
        if answer is None:
            envelope.rcpt_tos.append(address)
        return answer or "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        answer = self.refuse(envelope.rcpt_tos[0]) if self.at == "DATA" else None
        if answer is None:
            self.taken += [(recipient, envelope.content) for recipient in envelope.rcpt_tos]
        return answer or "250 OK"

    def got(self, recipient: str) -> int:
        """How many messages it took for a recipient."""
        return sum(name == recipient for name, _ in self.taken)

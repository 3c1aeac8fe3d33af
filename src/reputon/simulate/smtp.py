"""SMTP on loopback: sending with the sender's address in a PROXY header, and listening in a thread of its own."""

import smtplib
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP

TIMEOUT = 20.0  # seconds for a connection to somebody on the same machine
LOOPBACK = "127.0.0.1"
PROVIDER_PEER, RELAY_PEER = "127.0.0.2", "127.0.0.3"  # whom the receiver believes a PROXY header


@dataclass(frozen=True, slots=True)
class Envelope:
    """A message on its way."""

    sender: str
    recipient: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Reply:
    """What the next hop said at last: `554 5.7.1 ...`."""

    code: int
    text: str

    @property
    def line(self) -> str:
        """As logs and reports have it: in one line."""
        return f"{self.code} {self.text}"


class _Client(smtplib.SMTP):
    """A client that tells whose connection it forwards (the PROXY protocol, version 1) before it says anything."""

    def __init__(self, peer: str, outside: str | None) -> None:
        self._outside = outside
        super().__init__(local_hostname="localhost", timeout=TIMEOUT, source_address=(peer, 0))

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        made: socket.socket = super()._get_socket(host, port, timeout)  # type: ignore[misc]  # typeshed leaves it out
        if self._outside is not None:
            made.sendall(f"PROXY TCP4 {self._outside} 192.0.2.25 40000 25\r\n".encode())
        return made


def send(
    to: tuple[str, int], envelopes: Iterable[Envelope], peer: str = LOOPBACK, outside: str | None = None
) -> list[Reply]:
    """Send over one connection; one reply each.  OSError or SMTPException where there is nobody to talk to.

    `peer` is the loopback address that we come from, `outside` the address to be told in the PROXY header.
    """
    client = _Client(peer, outside)
    client.connect(*to)
    try:
        client.ehlo()
        replies = [_sent(client, each) for each in envelopes]
        client.quit()
        return replies
    finally:
        client.close()


def _sent(client: smtplib.SMTP, envelope: Envelope) -> Reply:
    code, text = client.mail(envelope.sender)
    if code // 100 == 2:
        code, text = client.rcpt(envelope.recipient)
    if code // 100 == 2:
        code, text = client.data(envelope.content)
    else:
        client.rset()
    return Reply(code, text.decode("utf-8", "replace").replace("\n", " "))


class Listener(Controller):
    """A server on a free port of loopback; with `proxied` every connection begins with a PROXY header."""

    def __init__(self, handler: Any, hostname: str, *, proxied: bool = False) -> None:
        self._name = hostname
        self._proxied = proxied
        super().__init__(handler, hostname=LOOPBACK, port=_free_port())

    def factory(self) -> SMTP:
        """The server of one connection."""
        timeout = TIMEOUT if self._proxied else None
        made: SMTP = SMTP(self.handler, hostname=self._name, proxy_protocol_timeout=timeout)
        return made

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens."""
        return LOOPBACK, int(self.port)


class Host:
    """Somebody who listens, for `with`: its methods `handle_*` answer the commands (aiosmtpd's names)."""

    def __init__(self, hostname: str, *, proxied: bool = False) -> None:
        self._listener = Listener(self, hostname, proxied=proxied)

    def __enter__(self) -> Self:
        self._listener.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.stop()

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens."""
        return self._listener.address


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])

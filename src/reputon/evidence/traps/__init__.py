"""Traps: an SMTP listener that takes mail to anybody and keeps of it only that it came: a hit by the client's address.

A client hears 250 once `acknowledge` has returned, 451 where it raised, and comes again then.  Messages are forgotten
at once; recipients are counted and never named, stored or logged.  Mail with an empty sender answers mail that
somebody forged: it is taken, and is no hit.
"""

import asyncio
import logging

from reputon.evidence.kinds import Kind
from reputon.evidence.traps.book import Acknowledge, Book
from reputon.evidence.traps.session import Connection
from reputon.evidence.traps.settings import TrapLimits, TrapSettings

__all__ = ["Acknowledge", "TrapLimits", "TrapServer", "TrapSettings", "listen"]


async def listen(
    host: str, port: int, kind: Kind, acknowledge: Acknowledge, settings: TrapSettings | None = None
) -> "TrapServer":
    """A running listener; OSError where the address cannot be had.  `acknowledge` is called in one thread, always the
    same, with all that came meanwhile; it returns when that is safe.
    """
    server = TrapServer(kind, acknowledge, settings or TrapSettings())
    await server.start(host, port)
    return server


class TrapServer:
    """A listener; `stop` it in the loop that it was started in."""

    def __init__(self, kind: Kind, acknowledge: Acknowledge, settings: TrapSettings) -> None:
        self._kind = kind
        self._settings = settings
        self._book = Book(acknowledge)
        self._open: dict[Connection, str] = {}
        self._server: asyncio.Server | None = None

    async def start(self, host: str, port: int) -> None:
        """Listen."""
        # At its usual level aiosmtpd logs every command, and with it the recipients.
        logging.getLogger("mail.log").setLevel(logging.CRITICAL)
        start = asyncio.get_running_loop().create_server
        self._server = await start(lambda: Connection(self._kind, self._settings, self._book, self._open), host, port)

    async def stop(self) -> None:
        """Listen no more; what was taken is written and answered first, other connections are dropped."""
        if self._server is not None:
            self._server.close()
        await self._book.close()
        for connection in list(self._open):
            connection.drop()
        if self._server is not None:
            await self._server.wait_closed()

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens."""
        assert self._server is not None
        host, port, *_ = self._server.sockets[0].getsockname()
        return str(host), int(port)

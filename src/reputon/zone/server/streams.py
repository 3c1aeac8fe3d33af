"""Streams: questions over TCP (RFC 7766), one event loop in a thread of its own, everything bounded."""

import asyncio
import threading
from collections import Counter, OrderedDict
from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass
from socket import socket
from typing import Any, Protocol

from reputon.zone.server.responder import QUERY_SIZE

_START = 10.0  # seconds
_STOP = 2.0
_ROUNDS = 5  # of the loop, until a connection that was just accepted has its task


@dataclass(frozen=True, slots=True)
class Limits:
    """What one server bears.  Beyond `streams`, one of the client that has the most is dropped, the longest silent."""

    streams: int = 64
    idle: float = 10.0  # seconds for a question to arrive, and for an answer to be taken
    questions: int = 1000  # on one TCP connection


class Responds(Protocol):
    """What answers."""

    def respond(self, packet: bytes, client: str, over_tcp: bool = False) -> Generator[bytes, None, None]:
        """The messages that answer a packet."""
        ...


class Streams:
    """Listens at sockets that are bound already."""

    def __init__(self, listening: list[socket], responder: Responds, limits: Limits) -> None:
        self._listening = listening
        self._responder = responder
        self._limits = limits
        self._servers: list[asyncio.Server] = []
        self._open: OrderedDict[asyncio.StreamWriter, str] = OrderedDict()  # whose; the longest silent first
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="reputon-tcp", daemon=True)

    def start(self) -> None:
        """Take connections."""
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(_START)

    def stop(self) -> None:
        """Close everything; open connections are dropped."""
        if self._thread.is_alive():
            asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(_START)
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(_START)
        self._loop.close()

    async def _start(self) -> None:
        for each in self._listening:
            self._servers.append(await asyncio.start_server(self._serve, sock=each))

    async def _stop(self) -> None:
        # No more accepting, but asyncio loses the sockets of clients that it accepted just before `close`.
        for listening in (each for server in self._servers for each in server.sockets):
            self._loop.remove_reader(listening.fileno())
        for _ in range(_ROUNDS):
            await asyncio.sleep(0)
        for server in self._servers:
            server.close()
        for writer in self._open:
            writer.transport.abort()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=_STOP)
        for server in self._servers:
            await server.wait_closed()
        await asyncio.sleep(0)  # what they closed is closed in the next round

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        self._open[writer] = str(writer.get_extra_info("peername")[0])
        while len(self._open) > self._limits.streams:
            self._drop_one()
        try:
            for _ in range(self._limits.questions):
                async with asyncio.timeout(self._limits.idle):
                    packet = await self._read(reader)
                if not packet or not await self._answer(packet, writer):
                    break
        except (OSError, EOFError, TimeoutError):
            pass  # the client has gone, or was too slow: nobody is left to tell
        finally:
            self._open.pop(writer, None)
            writer.close()

    def _drop_one(self) -> None:
        """Of the client that has the most connections, the one that has been silent longest (RFC 7766 section 6.2)."""
        ((client, _),) = Counter(self._open.values()).most_common(1)
        writer = next(each for each, whose in self._open.items() if whose == client)
        del self._open[writer]
        writer.transport.abort()

    async def _read(self, reader: asyncio.StreamReader) -> bytes:
        """One question of a connection; nothing: there will be no other."""
        length = int.from_bytes(await reader.readexactly(2), "big")
        return await reader.readexactly(length) if length <= QUERY_SIZE else b""

    async def _answer(self, packet: bytes, writer: asyncio.StreamWriter) -> bool:
        """Answer one; False where there was nothing to say."""
        client = str(writer.get_extra_info("peername")[0])
        is_answered = False
        # A transfer that nobody takes further must be ended: it holds one of a few places.
        with closing(self._responder.respond(packet, client, over_tcp=True)) as messages:
            # Only a transfer has a second message: making that may take long, and others must not wait for it.
            message: Any = next(messages, None)
            while message is not None:
                is_answered = True
                if writer in self._open:
                    self._open.move_to_end(writer)
                writer.write(len(message).to_bytes(2, "big") + message)
                async with asyncio.timeout(self._limits.idle):
                    await writer.drain()
                message = await asyncio.to_thread(next, messages, None)
        return is_answered

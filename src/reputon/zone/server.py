"""Server: the sockets of the zones: UDP and TCP on the same ports, one event loop, everything bounded.

This is the plain server: right in every answer, a few thousand questions a second.
"""

import asyncio
import logging
import threading
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address
from types import TracebackType
from typing import Any, Self

from reputon.zone import wire
from reputon.zone.table import ZoneError
from reputon.zone.wire import Ask

Address = tuple[str, int]

_TRIES = 20  # ports that are free for UDP, until one is free for TCP too
_START = 10.0  # seconds
_STOP = 2.0
_ROUNDS = 5  # of the loop, until a connection that was just accepted has its task

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Limits:
    """What one server bears.  Beyond `streams`, the TCP client that has been silent longest is dropped."""

    streams: int = 64
    idle: float = 10.0  # seconds for a question to arrive, and for an answer to be taken
    questions: int = 1000  # on one TCP connection


class Server:
    """UDP and TCP at each address; `ask` is called for every question, in the loop's thread."""

    def __init__(self, ask: Ask, listen: Iterable[Address], limits: Limits | None = None) -> None:
        self._ask = ask
        self._listen = tuple(listen)
        self._limits = limits or Limits()
        self._datagrams: list[asyncio.DatagramTransport] = []
        self._servers: list[asyncio.Server] = []
        self._streams: OrderedDict[asyncio.StreamWriter, None] = OrderedDict()  # the longest silent first
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def addresses(self) -> tuple[Address, ...]:
        """Where it listens; a port that was asked for as 0 has its number."""
        return tuple(transport.get_extra_info("sockname")[:2] for transport in self._datagrams)

    async def start(self) -> None:
        """Listen; OSError with the address where that is not possible."""
        try:
            for host, port in self._listen:
                await self._open(host, port)
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Close everything; questions that were read are answered, open connections are dropped."""
        for transport in self._datagrams:
            transport.close()
        # No more accepting, but asyncio loses the sockets of clients that it accepted just before `close`.
        for listening in (each for server in self._servers for each in server.sockets):
            asyncio.get_running_loop().remove_reader(listening.fileno())
        for _ in range(_ROUNDS):
            await asyncio.sleep(0)
        for server in self._servers:
            server.close()
        for writer in self._streams:
            writer.transport.abort()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=_STOP)
        for server in self._servers:
            await server.wait_closed()
        await asyncio.sleep(0)  # what they closed is closed in the next round

    async def _open(self, host: str, port: int) -> None:
        loop = asyncio.get_running_loop()
        for left in reversed(range(1 if port else _TRIES)):
            transport = None
            try:
                transport, _ = await loop.create_datagram_endpoint(
                    lambda: _Datagrams(self._ask), local_addr=(host, port)
                )
                bound = transport.get_extra_info("sockname")[1]
                self._servers.append(await asyncio.start_server(self._serve, host, bound))
            except OSError as error:
                if transport is not None:
                    transport.close()
                if not left:
                    raise OSError(f"cannot listen at {host}:{port}: {error.strerror}: choose another address") from None
            else:
                self._datagrams.append(transport)
                return

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        self._streams[writer] = None
        while len(self._streams) > self._limits.streams:
            self._streams.popitem(last=False)[0].transport.abort()
        try:
            for _ in range(self._limits.questions):
                async with asyncio.timeout(self._limits.idle):
                    if not await self._answer(reader, writer):
                        break
        except (OSError, EOFError, TimeoutError):
            pass  # the client has gone, or was too slow: nobody is left to tell
        finally:
            self._streams.pop(writer, None)
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """One question of a connection; False: there will be no other."""
        length = int.from_bytes(await reader.readexactly(2), "big")
        if length > wire.QUERY_SIZE:
            return False
        response = wire.respond(await reader.readexactly(length), self._ask, is_tcp=True)
        if response is None:
            return False
        if writer in self._streams:
            self._streams.move_to_end(writer)
        writer.write(len(response).to_bytes(2, "big") + response)
        await writer.drain()
        return True


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._transport: asyncio.DatagramTransport | None = None
        self._is_full = False

    def connection_made(self, transport: Any) -> None:  # the loop's own class, which is no DatagramTransport
        self._transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        if self._is_full or self._transport is None:
            return  # what cannot be sent must not fill our memory; the client asks again
        response = wire.respond(data, self._ask)
        if response is not None:
            self._transport.sendto(response, addr)

    def pause_writing(self) -> None:
        self._is_full = True

    def resume_writing(self) -> None:
        self._is_full = False


class Running:
    """A server in a thread of its own, for `with`: it answers while the block runs."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="reputon-dns", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        try:
            asyncio.run_coroutine_threadsafe(self.server.start(), self._loop).result(_START)
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        asyncio.run_coroutine_threadsafe(self.server.stop(), self._loop).result(_START)
        self._end()

    def _end(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_START)
        self._loop.close()

    @property
    def addresses(self) -> tuple[Address, ...]:
        """Where it listens."""
        return self.server.addresses


def parse_address(text: str) -> Address:
    """`ADDRESS:PORT` or `[IPv6]:PORT`; ZoneError says what is wrong."""
    host, _, port = text.strip().rpartition(":")
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    try:
        address = str(ip_address(bare))
    except ValueError:
        address = ""
    if not address or (":" in address) != (bare != host) or not _is_port(port):
        raise ZoneError(f"{text!r} is no address to listen at: write it as 127.0.0.1:5353 or [::1]:5353")
    return address, int(port)


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 5 and int(text) < 1 << 16

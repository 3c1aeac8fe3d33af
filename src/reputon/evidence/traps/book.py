"""Book of a trap listener: hits are handed over from one thread, and each waits until it is safe."""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from reputon.evidence.kinds import Evidence

Acknowledge = Callable[[list[Evidence]], None]

_STOP = 5.0  # seconds for what was taken to be written when the listener stops
_LEAVE = 0.1  # seconds for the last answers to leave

_log = logging.getLogger(__name__)


class Book:
    """Hands over what came from one thread; what comes while that writes goes in the next call, together."""

    def __init__(self, acknowledge: Acknowledge) -> None:
        self._acknowledge = acknowledge
        self._thread = ThreadPoolExecutor(1, "reputon-trap")
        self._waiting: list[tuple[Evidence, asyncio.Future[None]]] = []
        self._writing: asyncio.Task[None] | None = None
        self._is_closed = False

    async def add(self, evidence: Evidence) -> None:
        """Returns when it is safe; raises what `acknowledge` raised."""
        if self._is_closed:
            raise RuntimeError("the listener stops")
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((evidence, future))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write())
        await future

    async def close(self) -> None:
        """Take no more, and wait for what is being written."""
        self._is_closed = True
        if self._writing is not None:
            await asyncio.wait([self._writing], timeout=_STOP)
            await asyncio.sleep(_LEAVE)
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def _write(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            batch, self._waiting = self._waiting, []
            try:
                await loop.run_in_executor(self._thread, self._acknowledge, [each for each, _ in batch])
            except Exception as error:
                _log.exception("hits could not be written: their senders are asked to come again")
                _settle(batch, error)
            else:
                _settle(batch, None)


def _settle(batch: list[tuple[Evidence, asyncio.Future[None]]], error: Exception | None) -> None:
    for _, future in batch:
        if future.done():  # the client has gone
            continue
        if error is None:
            future.set_result(None)
        else:
            future.set_exception(error)

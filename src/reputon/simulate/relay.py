"""Relay: takes a message, hands it on from an outside address, and answers what it was answered: the way round."""

import asyncio
from typing import Any

from reputon.simulate import writing
from reputon.simulate.scene import RELAY_ADDRESS
from reputon.simulate.smtp import RELAY_PEER, Envelope, Host, send


class Relay(Host):
    """Use with `with`.  It has no queue: whoever sends knows at once whether the message arrived."""

    def __init__(self, to: tuple[str, int], peer: str = RELAY_PEER, outside: str = RELAY_ADDRESS) -> None:
        self._to = to
        self._peer = peer
        self._outside = outside
        super().__init__(writing.RELAY_HOST)

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        """Hand it on while the sender waits."""
        wanted = [Envelope(envelope.mail_from, each, envelope.content) for each in envelope.rcpt_tos]
        replies = await asyncio.to_thread(send, self._to, wanted, self._peer, self._outside)
        return replies[0].line

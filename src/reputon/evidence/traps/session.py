"""Session of a trap listener: one SMTP connection, within the limits, which knows for whom it speaks."""

import asyncio
import logging
from collections import Counter
from functools import cache
from typing import Any

from aiosmtpd.smtp import SMTP

from reputon.evidence.kinds import Kind
from reputon.evidence.traps.book import Book
from reputon.evidence.traps.hit import hit
from reputon.evidence.traps.settings import TrapSettings
from reputon.mail import received
from reputon.subject import SubjectError

_LINE = 64 << 10  # bytes of a line of a message; spam has long ones
_NULL = ("", "<>")

_log = logging.getLogger(__name__)


class Connection(SMTP):
    """One connection, within the limits; it knows whose it really is."""

    line_length_limit = _LINE

    def __init__(self, kind: Kind, settings: TrapSettings, book: Book, others: "dict[Connection, str]") -> None:
        self._settings = settings
        self._others = others
        self._peer = self.client = ""
        self._end: asyncio.TimerHandle | None = None
        limits = settings.limits
        super().__init__(
            _Handler(kind, settings, book), hostname=settings.hostname, ident="ESMTP", enable_SMTPUTF8=True,
            data_size_limit=limits.size, timeout=limits.idle, command_call_limit=limits.commands,
            loop=asyncio.get_running_loop(),
        )  # fmt: skip

    def connection_made(self, transport: Any) -> None:
        """Begin: with a PROXY header if the peer is a proxy, with a refusal if there are too many."""
        limits = self._settings.limits
        self._peer = self.client = _plain((transport.get_extra_info("peername") or ("",))[0])
        self._proxy_timeout = limits.idle if self._peer in self._settings.proxies else None
        super().connection_made(transport)
        if self._is_one_too_many():
            transport.write(b"421 4.7.0 Too many connections, try again later\r\n")
            transport.close()
            return
        self._others[self] = self._peer
        self._end = self.loop.call_later(limits.lifetime, self.drop)

    def connection_lost(self, error: Exception | None) -> None:
        """End."""
        self._others.pop(self, None)
        if self._end is not None:
            self._end.cancel()
        super().connection_lost(error)

    def drop(self) -> None:
        """Close it at once."""
        if self.transport is not None:
            self.transport.abort()  # type: ignore[attr-defined]  # a socket's transport has it

    def _is_one_too_many(self) -> bool:
        settings, of_one = self._settings, Counter(self._others.values())[self._peer]
        is_host = self._peer in settings.proxies | settings.xclients
        return len(self._others) >= settings.limits.connections or (of_one >= settings.limits.of_one and not is_host)

    @property
    def may_xclient(self) -> bool:
        """Whether this peer may say for whom it speaks."""
        return self._peer in self._settings.xclients

    async def smtp_XCLIENT(self, arg: str | None) -> None:  # noqa: N802 - aiosmtpd finds it by this name
        """Postfix's XCLIENT: the peer tells whose mail it hands on; its session begins anew."""
        words = dict(word.upper().partition("=")[::2] for word in (arg or "").split())
        told = received.address(words.get("ADDR", "").replace("+3A", ":"))
        if not self.may_xclient:
            await self.push("550 5.7.0 You may not say XCLIENT")
        elif told is None:
            await self.push("501 5.5.4 Syntax: XCLIENT ADDR=address")
        else:
            self.client = str(told)
            self._set_rset_state()  # type: ignore[no-untyped-call]
            await self.push(f"220 {self.hostname} ESMTP")


class _Handler:
    """What aiosmtpd asks of us, by its names; everything else is taken as it comes."""

    def __init__(self, kind: Kind, settings: TrapSettings, book: Book) -> None:
        self._kind = kind
        self._book = book
        self._settings = settings

    async def handle_PROXY(self, server: Connection, _session: Any, _envelope: Any, proxy: Any) -> bool:  # noqa: N802
        """Whose connection the proxy forwards; one that tells nobody's is closed."""
        server.client = _plain(str(proxy.src_addr or ""))
        return bool(proxy.valid and server.client)

    async def handle_EHLO(  # noqa: N802
        self, server: Connection, session: Any, _envelope: Any, hostname: str, responses: list[str]
    ) -> list[str]:
        """Offer XCLIENT to those who may."""
        session.host_name = hostname
        return [*responses[:-1], "250-XCLIENT ADDR", responses[-1]] if server.may_xclient else responses

    async def handle_RCPT(  # noqa: N802
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: list[str]
    ) -> str:
        """Anybody lives here."""
        if len(envelope.rcpt_tos) >= self._settings.limits.recipients:
            return "452 4.5.3 Too many recipients"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"

    async def handle_DATA(self, server: Connection, session: Any, envelope: Any) -> str:  # noqa: N802
        """Taken once the hit is safe."""
        address = received.address(server.client)
        if address is not None and received.is_inner(address):
            _tell_of_inner()
        try:
            if address is not None and not received.is_inner(address) and envelope.mail_from not in _NULL:
                evidence = await asyncio.to_thread(
                    hit, self._kind, self._settings, address, session.host_name, envelope
                )
                await self._book.add(evidence)
        except SubjectError:
            pass  # an address that nobody can be scored for
        except Exception as error:  # whatever it was: it is not acknowledged
            _log.warning("a message was put off: %s", type(error).__name__)
            return "451 4.3.0 Not now, come again"
        return "250 2.0.0 Ok"

    async def handle_exception(self, error: Exception) -> str:
        """What must not happen; its words stay here."""
        _log.error("a command failed: %s", type(error).__name__)
        return "451 4.3.0 Not now, come again"


@cache
def _tell_of_inner() -> None:
    """Said once: whoever tries a trap from the same machine wonders where the hit is, and a proxy may be unnamed."""
    _log.warning(
        "a client with a loopback, private or link-local address delivered: such mail is never a hit; "
        "a proxy in front is named by serve.trap.proxies or serve.trap.xclients"
    )


def _plain(text: str) -> str:
    """An address as it is compared: without IPv6 around IPv4."""
    return str(received.address(text) or "")

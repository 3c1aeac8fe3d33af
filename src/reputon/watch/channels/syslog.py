"""Syslog: an alert as one RFC 5424 message, to a server by UDP or to this machine's own daemon."""

import os
import socket
from datetime import UTC

from reputon.watch.channels.channel import TIMEOUT, Channel, ChannelError, NotDelivered, host_and_port
from reputon.watch.notice import Notice

_DAEMON = 3 << 3  # the facility
_WARNING, _NOTICE = 4, 5
_SIZE = 2048  # bytes, which every receiver should take (RFC 5424 section 6.1)


def send(notice: Notice | None, channel: Channel) -> str:
    """Send one datagram; nobody acknowledges it, so that it counts as sent when the system took it."""
    channel.wants("server", channel.server, "udp:HOST:PORT, or unix:/dev/log")
    way, _, where = channel.server.partition(":")
    if way not in ("udp", "unix") or not where:
        raise ChannelError(f"watch.alerts.{channel.name}: `server`: write udp:HOST:PORT or unix:/dev/log")
    address = host_and_port(channel, where, 514) if way == "udp" else ("", 0)
    if notice is None:
        return ""
    try:
        _send_unix(where, message(notice)) if way == "unix" else _send_udp(*address, message(notice))
    except OSError as error:
        raise NotDelivered(f"syslog: {error.strerror or error}") from None
    return "handed to syslog"


def message(notice: Notice) -> bytes:
    """The RFC 5424 message: facts as words, no structured data (names for that need a registered number)."""
    priority = _DAEMON | (_NOTICE if notice.is_good else _WARNING)
    time = notice.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    facts = "; ".join(f"{name}: {text}" for name, text in notice.facts)
    head = f"<{priority}>1 {time} {_host()} reputon {os.getpid()} {notice.kind} - "
    # The byte order mark says that UTF-8 follows (section 6.4).
    return (head.encode("ascii", "replace") + b"\xef\xbb\xbf" + f"{notice.title} ({facts})".encode())[:_SIZE]


def _host() -> str:
    name = socket.gethostname()
    return name if name and len(name) < 256 and name.isascii() and name.isprintable() and " " not in name else "-"


def _send_udp(host: str, port: int, data: bytes) -> None:
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
    with socket.socket(family, kind, protocol) as out:
        out.settimeout(TIMEOUT)
        out.sendto(data, address)


def _send_unix(path: str, data: bytes) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
        out.settimeout(TIMEOUT)
        out.sendto(data, path)

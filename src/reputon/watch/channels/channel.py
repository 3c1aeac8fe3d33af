"""Channel: where one way to tell somebody leads, and what can become of an alert on it."""

from collections.abc import Callable
from dataclasses import dataclass, field

from reputon.watch.notice import Notice

TIMEOUT = 20.0  # seconds for each step of a delivery


class ChannelError(ValueError):
    """A channel that cannot be used as it is set up; the message names the key, and never holds a secret."""


class NotDelivered(Exception):  # noqa: N818 - it is an outcome
    """It surely was not delivered, and may be tried again; the message says why, without secrets."""


class Unclear(Exception):  # noqa: N818 - it is an outcome
    """It may have been delivered: it must not be tried again; the message says why, without secrets."""


@dataclass(frozen=True, slots=True)
class Channel:
    """One channel as it is set up (docs/watch.md); a webhook's address is a secret, as a password is.

    `server` is HOST:PORT of the mail server, or `udp:HOST:PORT` or `unix:/PATH` for syslog.
    """

    name: str
    kind: str
    sender: str = ""
    to: tuple[str, ...] = ()
    server: str = ""
    user: str = ""
    password: str = field(default="", repr=False)
    url: str = field(default="", repr=False)

    def wants(self, key: str, value: object, how: str) -> None:
        """ChannelError where a key is missing."""
        if not value:
            raise ChannelError(f"watch.alerts.{self.name}: `{key}` is missing: {how}")


# Tells the notice; returns what the other side said.  Raises NotDelivered or Unclear; ChannelError where `notice` is
# None, which only checks the settings.
Send = Callable[[Notice | None, Channel], str]


def host_and_port(channel: Channel, text: str, usual: int | None = None) -> tuple[str, int]:
    """HOST:PORT, or HOST where a port is usual; `[...]` around an IPv6 address.  ChannelError."""
    host, colon, port = text.rpartition(":")
    if usual is not None and (not colon or text.endswith("]")):
        host, port = text, str(usual)
    if not host.strip("[]") or not port.isdecimal() or not 0 < int(port) < 1 << 16:
        raise ChannelError(f"watch.alerts.{channel.name}: `server`: write HOST:PORT, as in mail.example.org:587")
    return host.strip("[]"), int(port)

"""Settings of a trap listener: what it is, whom it believes, and what it bears."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from reputon.resolver import Resolver


@dataclass(frozen=True, slots=True)
class TrapLimits:
    """What the listener bears: bytes of a message, and per connection commands, recipients and seconds."""

    size: int = 1 << 20
    recipients: int = 100  # of a message
    commands: int = 200  # of each name, on a connection
    idle: float = 30.0  # seconds for a command, or for a whole message
    lifetime: float = 600.0  # seconds of a connection
    connections: int = 100
    of_one: int = 10  # connections of one address; a proxy may have all


@dataclass(frozen=True, slots=True)
class TrapSettings:
    """What a listener is: its name in greetings, and the addresses of hosts that are believed.

    Each connection of `proxies` begins with a PROXY header; `xclients` may say XCLIENT.  With a `resolver` the tenant
    is proved by DKIM and SPF, else mail belongs to its address.
    """

    hostname: str = "localhost"
    proxies: frozenset[str] = frozenset()
    xclients: frozenset[str] = frozenset()
    resolver: Resolver | None = None
    limits: TrapLimits = field(default_factory=TrapLimits)
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)

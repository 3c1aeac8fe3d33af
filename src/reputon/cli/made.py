"""Made worlds on the command line: whom to ask and the time, by a folder of `--world` or by the name of a resolver."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from reputon.cli import console

if TYPE_CHECKING:
    from reputon.resolver import Resolver

_TIME = 100  # bytes of a now.txt


def asked(world: Path | None, named: str | None) -> "tuple[Resolver, datetime | None]":
    """The resolver, and the time of a made world; None where the time goes on.

    A world without dns.json knows nothing of DNS; one without now.txt is of this moment.
    """
    from reputon import resolver

    if world is None:
        return resolver.named(named or "system"), None
    if not world.is_dir():
        console.fail(f"{world} is not a folder: --world takes one that holds dns.json")
    dns, now = world / "dns.json", world / "now.txt"
    moment = _time(now) if now.exists() else datetime.now(UTC)
    return resolver.World.read(dns) if dns.exists() else resolver.Nobody("this world has no dns.json"), moment


def _time(path: Path) -> datetime:
    with path.open("rb") as file:
        text = file.read(_TIME).decode("utf-8", "replace")
    try:
        return console.parse_time(text)
    except (ValueError, OverflowError) as error:
        console.fail(f"{path}: {error}")

"""World: what is known around a bounce: DNS, lists, providers, the sender's own inventory, earlier bounces, the time.

A folder of plain files (DESIGN.md section 4) makes all of it a value, and a diagnosis a pure function of files.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import IPv4Network, IPv6Network, ip_network
from itertools import islice
from pathlib import Path
from typing import Any

from reputon import bounce, lists, resolver
from reputon.bounce.dialects import Dialects
from reputon.bounce.doors import names
from reputon.bounce.report import Message
from reputon.cause import providers
from reputon.cause.inventory import Inventory, Sent, bare
from reputon.cause.provider import WIDEST, Provider
from reputon.lists import Catalogue
from reputon.resolver import Resolver

FILE_SIZE = 1 << 20  # bytes of an inventory
TIME_SIZE = 1 << 10  # bytes of a now.txt
SENT_SIZE = 256 << 20  # bytes of a sent.jsonl
BOUNCES = 10_000  # earlier bounces that we are willing to read
_KEYS = ("domains", "addresses", "providers", "tenant_ids")


class WorldError(ValueError):
    """A file around a bounce that cannot be used; the message names the file and the key."""


@dataclass(frozen=True, slots=True)
class World:
    """Everything around a bounce."""

    now: datetime
    resolver: Resolver
    catalogue: Catalogue
    providers: Mapping[str, Provider]
    inventory: Inventory = field(default_factory=Inventory)
    sent: Sent = field(default_factory=Sent)
    earlier: tuple[Message, ...] = ()
    keys: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    dialects: Dialects | None = None


def read_inventory(path: Path) -> Inventory:
    """Read an inventory.toml (its `[sender]` table); WorldError says which key is wrong."""
    import tomllib

    try:
        table: dict[str, Any] = tomllib.loads(_text(path, FILE_SIZE))
    except tomllib.TOMLDecodeError as error:
        raise WorldError(f"{path} is not TOML: {error}") from None
    sender = table.get("sender", {})
    if set(table) - {"sender"} or not isinstance(sender, dict):
        raise WorldError(f"{path}: expected one table, [sender], with {', '.join(_KEYS)}")
    for key, value in sender.items():
        if key not in _KEYS or not isinstance(value, list):
            known = ", ".join(_KEYS)
            raise WorldError(f"{path}: sender.{key}: expected one of {known}, each a list of texts")
    texts = {key: tuple(str(text).lower() for text in sender.get(key, ())) for key in _KEYS}
    return Inventory(texts["domains"], _networks(path, sender), texts["providers"], texts["tenant_ids"])


def _networks(path: Path, sender: Mapping[str, Any]) -> tuple[IPv4Network | IPv6Network, ...]:
    try:
        networks = tuple(ip_network(str(text), strict=False) for text in sender.get("addresses", ()))
    except ValueError as error:
        raise WorldError(f"{path}: sender.addresses: {error}") from None
    wide = next((each for each in networks if each.prefixlen < WIDEST[each.version]), None)
    if wide is not None:
        raise WorldError(f"{path}: sender.addresses: {wide} is wider than /{WIDEST[wide.version]}: name your own only")
    return networks


def _text(path: Path, most: int) -> str:
    """A small file as text; WorldError where it is too large or none."""
    try:
        with path.open("rb") as file:
            content = file.read(most + 1)
        text = content.decode()
    except OSError as error:
        raise WorldError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise WorldError(f"{path} is not UTF-8 text") from None
    if len(content) > most:
        raise WorldError(f"{path} is larger than {most >> 10} KiB")
    return text


def read_sent(path: Path) -> Sent:
    """Read a sent.jsonl: one message a line, of which only the `message_id` is kept."""
    if path.stat().st_size > SENT_SIZE:
        raise WorldError(f"{path} is larger than {SENT_SIZE >> 20} MiB: keep only the days in question")
    found = set()
    with path.open(encoding="utf-8", errors="replace") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                found.add(bare(str(json.loads(line)["message_id"])))
            except (ValueError, KeyError, TypeError, RecursionError):
                raise WorldError(f'{path}, line {number}: expected {{"message_id": "<...>", ...}}') from None
    return Sent(frozenset(found), is_known=True)


def read(folder: Path, catalogue: Path | None = None, provider_folder: Path | None = None) -> World:
    """The world of a folder; a file that is missing means that nothing is known of what it would say."""
    if not folder.is_dir():
        raise WorldError(f"{folder} is not a folder: --world takes one that holds dns.json, inventory.toml, ...")
    dns, inventory, sent, now = (folder / name for name in ("dns.json", "inventory.toml", "sent.jsonl", "now.txt"))
    known = providers.load(provider_folder)
    own = read_inventory(inventory) if inventory.exists() else Inventory()
    return World(
        now=_read_time(now) if now.exists() else datetime.now(UTC),
        resolver=resolver.World.read(dns) if dns.exists() else resolver.Nobody("this world has no dns.json"),
        catalogue=lists.load(catalogue),
        providers=known,
        inventory=own,
        sent=read_sent(sent) if sent.exists() else Sent(),
        earlier=_read_bounces(folder / "bounces"),
        warnings=unknown_providers(own, known),
    )


def unknown_providers(inventory: Inventory, known: Mapping[str, Provider]) -> tuple[str, ...]:
    """A sentence for each provider of the inventory that we have no file of."""
    have = ", ".join(known)
    return tuple(
        f"inventory.toml: provider {each!r} is not known here (known: {have})"
        for each in inventory.providers
        if each not in known
    )


def _read_time(path: Path) -> datetime:
    text = _text(path, TIME_SIZE).strip()
    try:
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise WorldError(f"{path}: {text!r} is not a time: write it as 2026-11-24T09:30:00Z") from None


def _read_bounces(folder: Path) -> tuple[Message, ...]:
    files = [path for _, path in names.files(folder)] if folder.is_dir() else []
    if len(files) > BOUNCES:
        raise WorldError(f"{folder} holds more than {BOUNCES} files")
    found = tuple(islice((message for path in files for message in _read_file(path)), BOUNCES + 1))
    if len(found) > BOUNCES:
        raise WorldError(f"{folder} holds more than {BOUNCES} bounces")
    return found


def _read_file(path: Path) -> Iterator[Message]:
    with path.open("rb") as file:
        yield from bounce.read_all(file)

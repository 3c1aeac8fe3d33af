"""Providers as data: whose addresses these are, how a pool is told, who may delist, how support is reached."""

import re
from functools import cache
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any, Self

from reputon import shipped
from reputon.cause.provider import Mark, Pool, Provider, Support

FILE_SIZE = 256 << 10  # bytes


class ProviderError(ValueError):
    """A provider file that cannot be used; the message names the file and the key."""


def load(folder: Path | None = None) -> dict[str, Provider]:
    """The providers by id: a user's folder first, then ours; ProviderError for a file that cannot be used."""
    own = {} if folder is None else _read_folder(folder)
    return {**_shipped(), **own}


@cache
def _shipped() -> dict[str, Provider]:
    folder = Path(__file__).parent
    names = sorted(path.name for path in folder.glob("*.toml"))
    tables = zip(names, shipped.tables(folder, names), strict=True)
    return {provider.id: provider for provider in (_provider(name, table) for name, table in tables)}


def _read_folder(folder: Path) -> dict[str, Provider]:
    try:
        files = sorted((f for f in folder.iterdir() if f.name.endswith(".toml")), key=lambda f: f.name)
    except OSError as error:
        raise ProviderError(f"{folder}: {error.strerror}: name a folder of provider files") from None
    return {provider.id: provider for provider in map(_read, files)}


def _read(file: Path) -> Provider:
    with file.open("rb") as opened:
        content = opened.read(FILE_SIZE + 1)
    if len(content) > FILE_SIZE:
        raise ProviderError(f"{file.name} is larger than {FILE_SIZE >> 10} KiB")
    import tomllib

    try:
        return _provider(file.name, tomllib.loads(content.decode()))
    except ProviderError:
        raise
    except ValueError as error:  # no TOML, or no UTF-8
        raise ProviderError(f"provider file {file.name}: {type(error).__name__}: {error}") from None


def _provider(name: str, table: dict[str, Any]) -> Provider:
    try:
        return _Table(table).provider()
    except (KeyError, TypeError, ValueError) as error:
        raise ProviderError(f"provider file {name}: {type(error).__name__}: {error}") from None


class _Table(dict[str, Any]):
    """A TOML table on its way to a Provider."""

    def words(self, key: str) -> tuple[str, ...]:
        return tuple(str(word).lower() for word in self.get(key, ()))

    def prefixes(self) -> tuple[IPv4Network | IPv6Network, ...]:
        return tuple(ip_network(prefix) for prefix in self.get("prefixes", ()))

    def tables(self, key: str) -> list[Self]:
        return [type(self)(table) for table in self.get(key, ())]

    def provider(self) -> Provider:
        if not re.fullmatch(r"[a-z0-9]+", self["id"]):
            raise ValueError(f"id {self['id']!r}: lower-case letters and digits only")
        support = type(self)(self["support"])
        return Provider(
            id=self["id"],
            name=self["name"],
            prefixes=self.prefixes(),
            hosts=self.words("hosts"),
            seals=self.words("seals"),
            pools=tuple(Pool(t["id"], t.words("words"), t.prefixes(), t["means"]) for t in self.tables("pool")),
            marks=tuple(Mark(t["header"].lower(), t.words("words"), t["means"]) for t in self.tables("mark")),
            tenant_codes=self.words("tenant_codes"),
            ticket_headers=tuple(self.get("ticket_headers", {}).items()),
            rotates=bool(self["rotates"]),
            who_may_delist=self["who_may_delist"],
            support=Support(support["portal"], support["url"], support["who"], tuple(support["needs"])),
            origin=self["origin"],
            as_of=str(self["as_of"]),
        )

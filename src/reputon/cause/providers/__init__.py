"""Providers as data: whose addresses these are, how a pool is told, who may delist, how support is reached."""

import json
import re
from collections.abc import Iterable, Mapping
from functools import cache
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Self

from reputon import shipped
from reputon.cause.provider import Mark, Network, Owners, Pool, Provider, Support, bounded, refreshed

FILE_SIZE = 256 << 10  # bytes of a provider file
FRESH = "providers.json"  # below the state directory: what `save_fresh` wrote there
FRESH_SIZE = 4 << 20  # bytes of a file of refreshed prefixes
FILES = 1000  # provider files of a folder

_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_KEYS = {
    "": {
        "id", "name", "origin", "as_of", "prefixes", "hosts", "spf", "seals", "tenant_codes", "ticket_headers",
        "rotates", "who_may_delist", "refuses", "reroute", "trace", "support", "pool", "mark",
    },
    "support": {"portal", "url", "who", "needs"},
    "pool": {"id", "words", "prefixes", "means"},
    "mark": {"header", "words", "needs", "means"},
}  # fmt: skip


class ProviderError(ValueError):
    """A provider file that cannot be used; the message names the file and the key."""


def load(folder: Path | None = None, fresh: Path | None = None) -> dict[str, Provider]:
    """The providers by id: a user's folder first, then ours; ProviderError for a file that cannot be used.

    `fresh` is what `save_fresh` wrote: its prefixes take the place of older ones.  A file that is not there yet
    changes nothing.
    """
    own = {} if folder is None else _read_folder(folder)
    known = {**own, **_shipped(), **own}  # named first, they keep their place
    return known if fresh is None else _laid_over(known, fresh)


def save_fresh(path: Path, providers: Mapping[str, Provider]) -> None:
    """Write the prefixes of refreshed providers for `load`, in one step; OSError leaves the old file as it was.

    ProviderError where the file would be larger than `load` reads.
    """
    from reputon import durable  # only a refresh writes

    table = {each.id: {"as_of": each.as_of, "prefixes": list(map(str, each.prefixes))} for each in providers.values()}
    text = json.dumps(table, indent=1) + "\n"
    if len(text) > FRESH_SIZE:
        raise ProviderError(
            f"{path} would be larger than {FRESH_SIZE >> 20} MiB: refresh fewer providers, by their ids"
        )
    durable.write(path, text)


def _laid_over(known: dict[str, Provider], path: Path) -> dict[str, Provider]:
    try:
        table = _read_fresh(path)
        owners = Owners.of(known)
        return {each.id: _newer(each, table[each.id], owners) if each.id in table else each for each in known.values()}
    except FileNotFoundError:
        return known
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise ProviderError(
            f"{path}: refreshed prefixes that cannot be read ({type(error).__name__}: {error}): delete the file, "
            "it is written anew by the next refresh"
        ) from None


def _read_fresh(path: Path) -> dict[str, Any]:
    with path.open("rb") as opened:
        content = opened.read(FRESH_SIZE + 1)
    if len(content) > FRESH_SIZE:
        raise ValueError(f"larger than {FRESH_SIZE >> 20} MiB")
    table = json.loads(content)
    if not isinstance(table, dict):
        raise TypeError("expected an object of providers")
    return table


def _newer(provider: Provider, table: dict[str, Any], owners: Owners) -> Provider:
    """The provider with the fresher prefixes, without those that another's file holds: records include each other."""
    as_of = _date(table["as_of"])
    if as_of < provider.as_of:
        return provider  # a newer file has come since, with a newer Reputon or by hand
    networks = _networks(table["prefixes"])
    return refreshed(provider, owners.without_others(provider, networks), as_of)


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
    if len(files) > FILES:
        raise ProviderError(f"{folder} holds more than {FILES} provider files")
    found: dict[str, Provider] = {}
    for file in files:
        provider = _read(file)
        if provider.id in found:
            raise ProviderError(f"provider file {file.name}: id: another file of the folder has {provider.id!r} too")
        found[provider.id] = provider
    return found


def _read(file: Path) -> Provider:
    try:
        with file.open("rb") as opened:
            content = opened.read(FILE_SIZE + 1)
    except OSError as error:
        raise ProviderError(f"provider file {file.name}: {error.strerror}") from None
    if len(content) > FILE_SIZE:
        raise ProviderError(f"{file.name} is larger than {FILE_SIZE >> 10} KiB")
    import tomllib

    try:
        table = tomllib.loads(content.decode())
    except ValueError as error:  # no TOML, or no UTF-8
        raise ProviderError(f"provider file {file.name}: {type(error).__name__}: {error}") from None
    return _provider(file.name, table)


def _provider(name: str, table: dict[str, Any]) -> Provider:
    try:
        return _Table(table).provider()
    except KeyError as error:
        raise ProviderError(f"provider file {name}: {error.args[0]} is missing") from None
    except (AttributeError, TypeError, ValueError) as error:
        raise ProviderError(f"provider file {name}: {error}") from None


def _networks(texts: Iterable[str]) -> tuple[Network, ...]:
    return bounded(ip_network(str(text)) for text in texts)


def _date(value: Any) -> str:
    if not _DATE.fullmatch(text := str(value)):
        raise ValueError(f"as_of {text!r}: expected a date such as 2026-11-25")
    return text


class _Table(dict[str, Any]):
    """A TOML table on its way to a Provider; `kind` is its name in the file."""

    def __init__(self, table: Any, kind: str = "") -> None:
        if not isinstance(table, dict):
            raise TypeError(f"{kind}: expected a table")
        super().__init__(table)
        if unknown := sorted(self.keys() - _KEYS[kind]):
            place = f"{kind}.{unknown[0]}" if kind else unknown[0]
            raise ValueError(f"{place}: no such key; known: {', '.join(sorted(_KEYS[kind]))}")

    def text(self, key: str, default: str | None = None) -> str:
        value = self[key] if default is None else self.get(key, default)
        if not isinstance(value, str):
            raise TypeError(f"{key}: expected a text")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        value = self.get(key, ())
        if not isinstance(value, list | tuple) or not all(isinstance(each, str) for each in value):
            raise TypeError(f"{key}: expected a list of texts")
        return tuple(value)

    def words(self, key: str) -> tuple[str, ...]:
        return tuple(word.lower() for word in self.texts(key))

    def flag(self, key: str) -> bool:
        if not isinstance(value := self[key], bool):
            raise TypeError(f"{key}: expected true or false")
        return value

    def ticket_headers(self) -> tuple[tuple[str, str], ...]:
        value = self.get("ticket_headers", {})
        if not isinstance(value, dict) or not all(isinstance(each, str) for each in value.values()):
            raise TypeError("ticket_headers: expected a table of labels and header names")
        return tuple(value.items())

    def prefixes(self) -> tuple[Network, ...]:
        return _networks(self.texts("prefixes"))

    def tables(self, kind: str) -> list[Self]:
        return [type(self)(table, kind) for table in self.get(kind, ())]

    def support(self) -> Support:
        table = type(self)(self["support"], "support")
        return Support(table.text("portal"), table.text("url"), table.text("who"), table.texts("needs"))

    def pool(self) -> Pool:
        return Pool(self.text("id"), self.words("words"), self.prefixes(), self.text("means"))

    def mark(self) -> Mark:
        return Mark(self.text("header").lower(), self.words("words"), self.text("means"), self.words("needs"))

    def provider(self) -> Provider:
        if not re.fullmatch(r"[a-z0-9]+", self.text("id")):
            raise ValueError(f"id {self['id']!r}: lower-case letters and digits only")
        return Provider(
            id=self["id"],
            name=self.text("name"),
            prefixes=self.prefixes(),
            hosts=self.words("hosts"),
            seals=self.words("seals"),
            pools=tuple(table.pool() for table in self.tables("pool")),
            marks=tuple(table.mark() for table in self.tables("mark")),
            tenant_codes=self.words("tenant_codes"),
            ticket_headers=self.ticket_headers(),
            rotates=self.flag("rotates"),
            who_may_delist=self.text("who_may_delist"),
            support=self.support(),
            origin=self.text("origin"),
            as_of=_date(self["as_of"]),
            spf=self.words("spf"),
            refuses=self.texts("refuses"),
            reroute=self.text("reroute", ""),
            trace=self.text("trace", ""),
        )

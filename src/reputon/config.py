"""Configuration: one TOML file, every key known and documented, unknown keys refused (docs/configuration.md)."""

import os
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import platformdirs
from pydantic import BaseModel, ConfigDict, Field, ValidationError

FILE = "reputon.toml"
SIZE = 1 << 20  # bytes


class ConfigError(ValueError):
    """A configuration that cannot be used; the message names the file and the key."""


class Section(BaseModel):
    """A table of the file: its keys and no others."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Dns(Section):
    """How other people's DNS is asked."""

    resolver: Annotated[str, Field(description="`system`, or ADDRESS[:PORT] of the resolver to ask.")] = "system"


class Lists(Section):
    """Which lists there are."""

    catalogue: Annotated[Path | None, Field(description="A TOML file merged over the lists that ship.")] = None
    keys: Annotated[
        dict[str, str], Field(description="Keys of lists that need one, by the list's name; never printed.")
    ] = {}


class Cause(Section):
    """Whose addresses and domains are whose."""

    inventory: Annotated[Path | None, Field(description="inventory.toml: own domains, addresses, providers.")] = None
    providers: Annotated[Path | None, Field(description="A folder of provider files, read before ours.")] = None


class Listing(Section):
    """Who is listed, and until when (scoring.md 6.3; docs/listing.md)."""

    shared: Annotated[
        Literal["tenant", "address"],
        Field(description="On a shared address, list its offending tenants, or the address as other lists do."),
    ] = "tenant"
    allow_reserved: Annotated[
        tuple[str, ...], Field(description="Reserved prefixes that may be listed all the same (test networks).")
    ] = ()
    threshold: Annotated[float, Field(ge=0, le=100, description="List below this optimistic score of 24 h.")] = 30.0
    min_volume: Annotated[int, Field(ge=1, description="Messages in 24 h below which nobody is listed.")] = 10
    min_evidence: Annotated[int, Field(ge=1, description="Pieces of bad evidence that a listing needs.")] = 2
    min_sources: Annotated[int, Field(ge=1, description="Sources that must agree.")] = 2
    quiet_hours: Annotated[int, Field(ge=1, description="Hours without new cause until a listing expires.")] = 24


class Zone(Section):
    """What DNS answers."""

    root: Annotated[str, Field(description="The name below which bl., score., dom. and dscore. are served.")] = (
        "reputon.test"
    )
    url: Annotated[str, Field(description="The page that a TXT record names; {subject} is filled in.")] = (
        "https://reputon.test/{subject}"
    )
    name_servers: Annotated[
        tuple[str, ...], Field(description="Names of the servers that answer for the zones; none: `ns.<root>`.")
    ] = ()
    contact: Annotated[str, Field(description="Who is responsible, as a name in DNS; empty: `hostmaster.<root>`.")] = ""
    ttl: Annotated[int, Field(ge=1, le=86400, description="Seconds for which an answer may be kept.")] = 300
    negative_ttl: Annotated[int, Field(ge=1, le=86400, description="Seconds for which `not listed` may be kept.")] = 60


class ServeDns(Section):
    """The DNS server."""

    listen: Annotated[tuple[str, ...], Field(description="ADDRESS:PORT to answer at.")] = ("127.0.0.1:5353",)


class Serve(Section):
    """The long-running processes."""

    dns: Annotated[ServeDns, Field(description="`reputon serve dns`.")] = ServeDns()


class Reroute(Section):
    """The way round."""

    adapter: Annotated[str, Field(description="The MTA: `postfix`, or `table` for a plain transport table.")] = (
        "postfix"
    )
    config_dir: Annotated[Path, Field(description="The MTA's configuration directory.")] = Path("/etc/postfix")
    relay: Annotated[str | None, Field(description="HOST:PORT of the relay that takes urgent mail.")] = None
    mode: Annotated[Literal["soft", "hard"], Field(description="`soft`: relay only what is refused; `hard`: all.")] = (
        "soft"
    )


class Config(Section):
    """Everything that can be set."""

    state_dir: Annotated[Path, Field(description="Where evidence, listings, zone tables and incidents lie.")] = Path(
        platformdirs.user_state_dir("reputon")
    )
    dns: Dns = Dns()
    lists: Lists = Lists()
    cause: Cause = Cause()
    listing: Listing = Listing()
    zone: Zone = Zone()
    serve: Serve = Serve()
    reroute: Reroute = Reroute()


def load(path: Path | None = None) -> Config:
    """The configuration of `path`, else of the first file found (see `find`), else the defaults; ConfigError.

    Paths in a file are relative to its folder.
    """
    found = path if path is not None else find()
    return _read(found.absolute()) if found is not None else Config()


def find() -> Path | None:
    """The file in force: REPUTON_CONFIG, else ./reputon.toml, else the user's configuration directory."""
    named = os.environ.get("REPUTON_CONFIG")
    if named:
        return Path(named)
    places = (Path(FILE), Path(platformdirs.user_config_dir("reputon")) / FILE)
    return next((place for place in places if place.is_file()), None)


@cache
def _read(path: Path) -> Config:
    try:
        with path.open("rb") as file:
            content = file.read(SIZE + 1)
        if len(content) > SIZE:
            raise ConfigError(f"{path} is larger than {SIZE >> 10} KiB")
        return _anchored(Config.model_validate(tomllib.loads(content.decode())), path.parent)
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}: give another file with --config") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not TOML: {error}") from None
    except ValidationError as error:
        raise ConfigError(f"{path}: {'; '.join(_sentence(each) for each in error.errors())}") from None


_S = TypeVar("_S", bound=Section)


def _anchored(section: _S, folder: Path) -> _S:
    """The section with its paths as the file means them; defaults stay as they are."""
    found = {name: getattr(section, name) for name in section.model_fields_set}
    paths = {name: folder / value.expanduser() for name, value in found.items() if isinstance(value, Path)}
    tables = {name: _anchored(value, folder) for name, value in found.items() if isinstance(value, Section)}
    return section.model_copy(update=paths | tables)


def _sentence(error: Any) -> str:
    key = ".".join(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        return f"there is no key `{key}`: see docs/configuration.md"
    return f"`{key}`: {error['msg']}"


def keys(section: BaseModel | None = None, prefix: str = "") -> Iterator[tuple[str, object, bool, str]]:
    """Every key with its value, whether it is the default, and what it means; secrets are masked."""
    section = Config() if section is None else section
    for name, field in type(section).model_fields.items():
        value = getattr(section, name)
        if isinstance(value, BaseModel):
            yield from keys(value, f"{prefix}{name}.")
            continue
        is_default = value == field.get_default(call_default_factory=True)
        shown = dict.fromkeys(value, "***") if f"{prefix}{name}" == "lists.keys" else value
        yield f"{prefix}{name}", shown, is_default, field.description or ""

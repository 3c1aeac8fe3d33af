"""Configuration: one TOML file, every key known and documented, unknown keys refused (docs/configuration.md)."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cache
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, TypeVar, get_type_hints

import platformdirs

FILE = "reputon.toml"
SIZE = 1 << 20  # bytes
_SECRETS = ("lists.keys", "serve.dns.keys", "watch.alerts")  # tables of which only the names are shown
_HIDDEN = ("listing.ledger", "listing.notice.password")  # texts that hold a password


class ConfigError(ValueError):
    """A configuration that cannot be used; the message names the file and the key."""


@dataclass(frozen=True)
class Within:
    """The bounds of a number, for pydantic; without it, since loading it takes longer than a short verb."""

    least: float
    most: float | None = None

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        schema = handler(source)
        return schema | {"ge": self.least} | ({} if self.most is None else {"le": self.most})


@dataclass(frozen=True)
class Section:
    """A table of the file: its keys and no others, each with what it means in its annotation.

    Plain values: pydantic, which checks them, is loaded only where there is a file to check.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = {"extra": "forbid"}


@dataclass(frozen=True)
class Dns(Section):
    """How other people's DNS is asked."""

    resolver: Annotated[str, "`system`, or ADDRESS[:PORT] of the resolver to ask."] = "system"


@dataclass(frozen=True)
class Lists(Section):
    """Which lists there are."""

    catalogue: Annotated[Path | None, "A TOML file merged over the lists that ship."] = None
    keys: Annotated[dict[str, str], "Keys of lists that need one, by the list's name; never printed."] = field(
        default_factory=dict
    )


@dataclass(frozen=True)
class Bounce(Section):
    """How refusals are read."""

    dialects: Annotated[Path | None, "A folder of your own dialects (.toml), asked before ours."] = None


@dataclass(frozen=True)
class Cause(Section):
    """Whose addresses and domains are whose."""

    inventory: Annotated[Path | None, "inventory.toml: own domains, addresses, providers."] = None
    providers: Annotated[Path | None, "A folder of provider files, read before ours."] = None


@dataclass(frozen=True)
class Evidence(Section):
    """Where evidence lies, and for how long."""

    url: Annotated[str, "Where sealed evidence lies: empty (the state directory), a whole path, `s3://...`."] = ""
    keep_days: Annotated[int, Within(35, 3650), "Days for which evidence is kept."] = 65
    servers: Annotated[
        tuple[str, ...], "The names of your servers in Authentication-Results (authserv-id), which are believed."
    ] = ()
    follow_seconds: Annotated[float, Within(0.1, 60), "Seconds between two looks at a log that is followed."] = 1.0


@dataclass(frozen=True)
class Score(Section):
    """How evidence is added up (docs/score.md)."""

    engine: Annotated[Literal["duckdb", "spark", "clickhouse"], "What adds: on one machine, or on a cluster."] = (
        "duckdb"
    )
    master: Annotated[str, "Spark's cluster, as in spark://host:7077."] = "local[*]"
    memory_mb: Annotated[
        int, Within(512), "Megabytes that scoring may take; more is spilled to the state directory."
    ] = 2048
    threads: Annotated[int, Within(0, 1024), "Threads that may score; 0: one a core."] = 0
    as_table: Annotated[
        Path | None, "A CSV file `prefix,asn[,name]` of autonomous systems, for `lookup` to show them."
    ] = None


@dataclass(frozen=True)
class ListingNotice(Section):
    """How owners of shared addresses are told of a noisy tenant (docs/listing.md)."""

    server: Annotated[str, "HOST:PORT of your mail server; empty: notices are written down, and not sent."] = ""
    sender: Annotated[str, "The address that notices come from; somebody must read its answers."] = ""
    user: Annotated[str, "The name to log in with."] = ""
    password: Annotated[str, "The password; never printed."] = ""


@dataclass(frozen=True)
class Listing(Section):
    """Who is listed, and until when (scoring.md 6.3; docs/listing.md)."""

    shared: Annotated[
        Literal["tenant", "address"],
        "On a shared address, list its offending tenants, or the address as other lists do.",
    ] = "tenant"
    allow_reserved: Annotated[
        tuple[str, ...], "Reserved prefixes that may be listed all the same (test networks)."
    ] = ()
    threshold: Annotated[float, Within(0, 100), "List below this optimistic score of 24 h."] = 30.0
    min_volume: Annotated[int, Within(1), "Messages in 24 h below which nobody is listed."] = 10
    min_evidence: Annotated[int, Within(1), "Pieces of bad evidence that a listing needs."] = 2
    min_sources: Annotated[int, Within(1), "Sources that must agree."] = 2
    quiet_hours: Annotated[int, Within(1), "Hours without new cause until a listing expires."] = 24
    own_networks: Annotated[tuple[str, ...], "Prefixes of your own, which are never listed."] = ()
    most_share: Annotated[float, Within(0, 1), "A run that would hit more of the known-good mail stops."] = 0.01
    most_addresses: Annotated[float, Within(0, 1), "So does one that would list more of the addresses seen."] = 0.5
    most_listings: Annotated[int, Within(1), "So does one with more new listings."] = 10_000
    ledger: Annotated[str, "URL of a PostgreSQL database; empty: SQLite in the state directory.  Never printed."] = ""
    rdap: Annotated[str, "Folder of the RDAP bootstrap files, to find abuse contacts; empty: not asked."] = ""
    contacts: Annotated[dict[str, str], "Whom to tell of which prefix; these win over RDAP."] = field(
        default_factory=dict
    )
    notice: ListingNotice = field(default_factory=ListingNotice)


@dataclass(frozen=True)
class Zone(Section):
    """What DNS answers."""

    root: Annotated[str, "The name below which bl., score., dom. and dscore. are served."] = "reputon.test"
    url: Annotated[str, "The page that a TXT record names; {subject} is filled in."] = "https://reputon.test/{subject}"
    name_servers: Annotated[tuple[str, ...], "Names of the servers that answer for the zones; none: `ns.<root>`."] = ()
    contact: Annotated[str, "Who is responsible, as a name in DNS; empty: `hostmaster.<root>`."] = ""
    ttl: Annotated[int, Within(1, 86400), "Seconds for which an answer may be kept."] = 300
    negative_ttl: Annotated[int, Within(1, 86400), "Seconds for which `not listed` may be kept."] = 60
    closing: Annotated[str, "The day from which the zones list nobody, as in 2027-03-31; empty: never."] = ""
    stale_hours: Annotated[
        int, Within(0, 8760), "Hours after which our zones list nobody unless written anew; 0: never."
    ] = 0


@dataclass(frozen=True)
class DnsKey(Section):
    """A label next to the apex that opens a zone, and how often (docs/zone-protection.md)."""

    key: Annotated[str, "The label; never printed."] = field(repr=False)
    per_second: Annotated[int, Within(0, 10**12), "Questions a second; 0: any number."] = 0
    per_day: Annotated[int, Within(0, 10**12), "Questions a day of UTC; 0: any number."] = 0


@dataclass(frozen=True)
class DnsLimits(Section):
    """How many answers a second the clients of one prefix get over UDP (docs/zone-protection.md)."""

    answers: Annotated[int, Within(0, 1_000_000), "Answers a second and thread; 0: any number."] = 5000
    errors: Annotated[int, Within(0, 1_000_000), "Refusals a second and thread; 0: any number."] = 500
    burst: Annotated[float, Within(0.001, 3600), "Seconds' worth of them that may come at once."] = 1.0
    slip: Annotated[int, Within(0, 100), "Of those above, each how-manieth is told to come by TCP; 0: none."] = 2
    prefix4: Annotated[int, Within(8, 32), "Bits of an IPv4 address whose clients are one."] = 24
    prefix6: Annotated[int, Within(16, 64), "Bits of an IPv6 address whose clients are one."] = 56
    exempt: Annotated[tuple[str, ...], "Prefixes that are never limited."] = ("127.0.0.0/8", "::1/128")


@dataclass(frozen=True)
class DnsTransfer(Section):
    """Who may have a zone whole, and who is told that it changed (docs/zone-transfer.md)."""

    clients: Annotated[tuple[str, ...], "Prefixes that may have it; with `keys`, both must hold."] = ()
    keys: Annotated[tuple[str, ...], "Names of TSIG keys whose owners may have it."] = ()
    notify: Annotated[tuple[str, ...], "`ADDRESS:PORT` or `ADDRESS:PORT KEY` of each secondary to tell."] = ()


@dataclass(frozen=True)
class ServeDns(Section):
    """The DNS server."""

    listen: Annotated[tuple[str, ...], "ADDRESS:PORT to answer at."] = ("127.0.0.1:5353",)
    threads: Annotated[int, Within(0, 256), "Threads at each address; 0: one a core."] = 0
    user: Annotated[str, "Whom to become when the ports are bound; empty: nobody else."] = ""
    access: Annotated[
        dict[str, dict[str, Literal["allow", "refuse", "empty", "ignore", "code"]]],
        "By zone, or `all`: what the clients of a prefix may.",
    ] = field(default_factory=dict)
    keyed: Annotated[tuple[str, ...], "Zones that answer only those who have a key."] = ()
    keys: Annotated[dict[str, DnsKey], "The keys, by whose they are; never printed."] = field(default_factory=dict)
    quota_code: Annotated[bool, "Above a quota, answer 127.255.255.255 instead of REFUSED."] = False
    limits: DnsLimits = field(default_factory=DnsLimits)
    transfer: Annotated[dict[str, DnsTransfer], "By zone, or `all`: who may have it whole."] = field(
        default_factory=dict
    )
    transfer_keys: Annotated[Path | None, "A file of TSIG keys, as tsig-keygen or keymgr print them."] = None
    version: Annotated[str, "What `version.bind` is told; empty: nothing."] = ""
    name: Annotated[str, "The name of this server, for NSID and `id.server`; empty: none."] = ""
    metrics: Annotated[str, "ADDRESS:PORT for Prometheus; empty: none."] = ""
    stats_minutes: Annotated[
        int, Within(0, 1440), "Minutes between two lines of the log on what was done; 0: none."
    ] = 10
    log_sample: Annotated[int, Within(0, 1_000_000_000), "Each so many-th answer goes to the log; 0: none."] = 0
    log: Annotated[Path | None, "The log of sampled answers; unset: zone/queries.jsonl of the state directory."] = None


@dataclass(frozen=True)
class ServeTrap(Section):
    """The spam trap."""

    listen: Annotated[str, "ADDRESS:PORT to take mail at."] = "127.0.0.1:2525"
    source: Annotated[str, "Whose word its hits are."] = "trap"
    kind: Annotated[
        Literal["trap-pristine", "trap-recycled"], "Whether its addresses never had an owner, or once had one."
    ] = "trap-pristine"
    hostname: Annotated[str, "The name that it greets with."] = "localhost"
    proxies: Annotated[tuple[str, ...], "Addresses of hosts whose connections begin with a PROXY header."] = ()
    xclients: Annotated[tuple[str, ...], "Addresses of hosts that may say XCLIENT."] = ()


@dataclass(frozen=True)
class Serve(Section):
    """The long-running processes."""

    dns: Annotated[ServeDns, "`reputon serve dns`."] = field(default_factory=ServeDns)
    trap: Annotated[ServeTrap, "`reputon serve trap`."] = field(default_factory=ServeTrap)


@dataclass(frozen=True)
class Reroute(Section):
    """The way round."""

    adapter: Annotated[str, "The MTA: `postfix`, or `table` for a plain transport table."] = "postfix"
    config_dir: Annotated[Path, "The MTA's configuration directory."] = Path("/etc/postfix")
    relay: Annotated[str | None, "HOST:PORT of the relay that takes urgent mail."] = None
    mode: Annotated[Literal["soft", "hard"], "`soft`: relay only what is refused; `hard`: all."] = "soft"


@dataclass(frozen=True)
class AlertChannel(Section):
    """One way to tell somebody (docs/watch.md)."""

    kind: Annotated[Literal["email", "webhook", "slack", "teams", "syslog"], "The way."]
    sender: Annotated[str, "email: the address that it comes from; it must take bounces."] = ""
    to: Annotated[tuple[str, ...], "email: who is told."] = ()
    server: Annotated[str, "email: HOST:PORT; syslog: udp:HOST:PORT or unix:/dev/log."] = ""
    user: Annotated[str, "email: the name to log in with."] = ""
    password: Annotated[str, "email: the password; never printed."] = ""
    url: Annotated[str, "webhook, slack, teams: the address to post to; never printed."] = ""


@dataclass(frozen=True)
class Watch(Section):
    """What is looked at again and again, and who is told."""

    every: Annotated[int, Within(600, 30 * 86400), "Seconds between looks, where a watch says nothing else."] = 3600
    apart: Annotated[int, Within(600, 86400), "Seconds between two answers that confirm a change, at least."] = 600
    sample: Annotated[int, Within(1, 1000), "Addresses in a round, of what is too large to be looked at whole."] = 32
    tell: Annotated[
        tuple[Literal["listed", "delisted", "changed", "silent"], ...], "Which changes are worth an alert."
    ] = ("listed", "delisted", "silent")
    low_impact: Annotated[bool, "Tell also of lists that few receivers refuse by."] = False
    silent_hours: Annotated[int, Within(0, 720), "Hours of unknown answers that are a change; 0: never."] = 0
    keep_days: Annotated[int, Within(7, 3650), "Days for which the history is kept."] = 90
    metrics: Annotated[str, "ADDRESS:PORT for Prometheus; empty: none."] = ""
    alerts: Annotated[dict[str, AlertChannel], "Who is told, by a name of your own; never printed."] = field(
        default_factory=dict
    )


@dataclass(frozen=True)
class Config(Section):
    """Everything that can be set."""

    state_dir: Annotated[Path, "Where evidence, listings, zone tables and incidents lie."] = Path(
        platformdirs.user_state_dir("reputon")
    )
    dns: Dns = field(default_factory=Dns)
    lists: Lists = field(default_factory=Lists)
    bounce: Bounce = field(default_factory=Bounce)
    cause: Cause = field(default_factory=Cause)
    evidence: Evidence = field(default_factory=Evidence)
    score: Score = field(default_factory=Score)
    listing: Listing = field(default_factory=Listing)
    zone: Zone = field(default_factory=Zone)
    serve: Serve = field(default_factory=Serve)
    reroute: Reroute = field(default_factory=Reroute)
    watch: Watch = field(default_factory=Watch)


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
    import tomllib

    from pydantic import TypeAdapter, ValidationError

    try:
        with path.open("rb") as file:
            content = file.read(SIZE + 1)
        if len(content) > SIZE:
            raise ConfigError(f"{path} is larger than {SIZE >> 10} KiB")
        table = tomllib.loads(content.decode())
        return _anchored(TypeAdapter(Config).validate_python(table), table, path.parent)
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}: give another file with --config") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not TOML: {error}") from None
    except ValidationError as error:
        raise ConfigError(f"{path}: {'; '.join(_sentence(each) for each in error.errors())}") from None


_S = TypeVar("_S", bound=Section)


def _anchored(section: _S, table: Mapping[str, Any], folder: Path) -> _S:
    """The section with the paths of its table as the file means them; defaults stay as they are."""
    changed: dict[str, Any] = {}
    for name, given in table.items():
        value = getattr(section, name)
        if isinstance(value, Path):
            changed[name] = folder / value.expanduser()
        elif isinstance(value, Section):
            changed[name] = _anchored(value, given, folder)
    return replace(section, **changed)


def _sentence(error: Any) -> str:
    key = ".".join(str(part) for part in error["loc"])
    if error["type"] in ("extra_forbidden", "unexpected_keyword_argument"):
        return f"there is no key `{key}`: see docs/configuration.md"
    return f"`{key}`: {error['msg']}"


def keys(section: Section | None = None, prefix: str = "") -> Iterator[tuple[str, object, bool, str]]:
    """Every key with its value, whether it is the default, and what it means; secrets are masked."""
    section = Config() if section is None else section
    default, hints = type(section)(), get_type_hints(type(section), include_extras=True)
    for name in (each.name for each in fields(section)):
        value = getattr(section, name)
        if isinstance(value, Section):
            yield from keys(value, f"{prefix}{name}.")
            continue
        shown = dict.fromkeys(value, "***") if f"{prefix}{name}" in _SECRETS else value
        shown = "***" if value and f"{prefix}{name}" in _HIDDEN else shown
        yield f"{prefix}{name}", shown, value == getattr(default, name), _meaning(hints[name])


def _meaning(hint: Any) -> str:
    return next((each for each in getattr(hint, "__metadata__", ()) if isinstance(each, str)), "")

"""Metrics: what monitoring reads of a running DNS server, as Prometheus text at an HTTP port of its own."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.client import HTTPException
from time import time
from urllib.request import urlopen

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector

from reputon import exposition
from reputon.zone.content import FOREVER
from reputon.zone.kernel.layout import STALE
from reputon.zone.statistics.seen import Seen

LARGEST = 64 << 20  # bytes of an answer that is read
_PATIENCE = 10.0  # seconds
_PREFIX = "reputon_dns_"


class MetricsError(ValueError):
    """Metrics that cannot be served or read; the message says where and why."""


class Served(Collector):
    """A server as metrics, read anew each time somebody asks."""

    def __init__(self, seen: Callable[[], Seen], clock: Callable[[], float] = time) -> None:
        self._seen = seen
        self._clock = clock

    def collect(self) -> Iterator[Metric]:
        """All of them; the names are in docs/zone-operation.md."""
        seen = self._seen()
        yield from _counters(seen)
        yield from _zones(seen)
        yield _keys(seen)
        yield _gauge("table_age_seconds", "Since the table was made", max(0.0, self._clock() - seen.table.made))
        yield _gauge("fast_loop", "1: the compiled loop answers; 0: plain Python", int(seen.is_fast))
        for name, about, value in (
            ("swaps", "Tables that took the place of another", seen.swaps),
            ("slow_path", "Packets that the loop left to the slow path", seen.handed_on),
            ("slow_path_dropped", "Packets that the slow path had no time for", seen.dropped),
            ("samples", "Questions written to the log", seen.sampled),
            ("samples_lost", "Questions that the log had no room for", seen.samples_lost),
        ):
            yield CounterMetricFamily(_PREFIX + name, about, value)


def _counters(seen: Seen) -> Iterator[Metric]:
    queries = CounterMetricFamily(_PREFIX + "queries", "What became of questions", labels=("zone", "outcome"))
    sent = CounterMetricFamily(_PREFIX + "sent_bytes", "Bytes of answers", labels=("zone",))
    for apex, counts in seen.counters.items():
        for name, count in counts.items():
            if name == "bytes":
                sent.add_metric((apex,), count)
            else:
                queries.add_metric((apex, name), count)
    yield from (queries, sent)


def _zones(seen: Seen) -> Iterator[Metric]:
    entries = GaugeMetricFamily(_PREFIX + "zone_entries", "Entries of a zone", labels=("zone",))
    serial = GaugeMetricFamily(_PREFIX + "zone_serial", "The serial of a zone", labels=("zone",))
    stale = GaugeMetricFamily(
        _PREFIX + "zone_stale_timestamp_seconds", "When a zone stops answering unless renewed", labels=("zone",)
    )
    for each, row in zip(seen.table.zones, seen.table.arrays.zones, strict=True):
        entries.add_metric((each.apex,), each.entries)
        serial.add_metric((each.apex,), each.serial)
        if row[STALE] != FOREVER:
            stale.add_metric((each.apex,), int(row[STALE]))
    yield from (entries, serial, stale)


def _keys(seen: Seen) -> Metric:
    asked = CounterMetricFamily(_PREFIX + "key_queries", "Questions with a key, by its name", labels=("key", "outcome"))
    for name, counts in seen.keys.items():
        for outcome, count in counts.items():
            asked.add_metric((name, outcome), count)
    return asked


def _gauge(name: str, about: str, value: float) -> Metric:
    return GaugeMetricFamily(_PREFIX + name, about, value)


@contextmanager
def served(seen: Callable[[], Seen], host: str, port: int) -> Iterator[int]:
    """The metrics at http://HOST:PORT/metrics until the block ends; yields the port.  MetricsError."""
    with ExitStack() as stack:
        try:
            bound = stack.enter_context(exposition.served(Served(seen), host, port))
        except OSError as error:
            raise MetricsError(f"serve.dns.metrics: {error}") from None
        yield bound


@dataclass(frozen=True, slots=True)
class Reading:
    """The metrics of a running server: its own by name, those of each zone by outcome or name, those of each key."""

    server: dict[str, float]
    zones: dict[str, dict[str, float]]
    keys: dict[str, dict[str, float]]


def read(url: str) -> Reading:
    """Ask a running server; MetricsError where nobody answers, or where what answers is no such server."""
    try:
        with urlopen(url, timeout=_PATIENCE) as answer:  # noqa: S310 - the caller made the URL, and it is http
            families = list(text_string_to_metric_families(answer.read(LARGEST).decode()))
    except (OSError, ValueError, HTTPException) as error:
        why = getattr(error, "reason", error)
        raise MetricsError(f"{url} cannot be read ({why}): is the server running, with serve.dns.metrics?") from None
    found = Reading({}, {}, {})
    for sample in (each for family in families for each in family.samples if each.name.startswith(_PREFIX)):
        name = sample.name.removeprefix(_PREFIX).removesuffix("_total")
        if "zone" in sample.labels:
            of = found.zones.setdefault(sample.labels["zone"], {})
            of[sample.labels.get("outcome", name.removeprefix("zone_"))] = sample.value
        elif "key" in sample.labels:
            found.keys.setdefault(sample.labels["key"], {})[sample.labels["outcome"]] = sample.value
        elif not name.endswith("_created"):
            found.server[name] = sample.value
    if not found.server:
        raise MetricsError(f"{url} has no metrics of `reputon serve dns`: name its serve.dns.metrics")
    return found

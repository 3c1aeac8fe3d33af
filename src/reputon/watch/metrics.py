"""Metrics: what monitoring reads of the watch, as Prometheus text at an HTTP port of its own."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import sqlalchemy as sa
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from reputon import exposition
from reputon.watch import outbox
from reputon.watch import tables as t
from reputon.watch.history import History
from reputon.watch.outbox import Status
from reputon.watch.subjects import WatchError

SERIES = 20_000  # (subject, list) that are shown, those listed first


class Watched(Collector):
    """The history as metrics, read anew each time somebody asks, so that a restart forgets nothing."""

    def __init__(self, history: History) -> None:
        self._history = history

    def collect(self) -> Iterator[Metric]:
        """All of them; the names are in docs/watch.md."""
        listed = GaugeMetricFamily(
            "reputon_watch_listed", "1: listed, confirmed by two answers; 0: not listed", labels=("subject", "list")
        )
        unknown = GaugeMetricFamily(
            "reputon_watch_unknown", "Subjects whose latest answer is unknown", labels=("list",)
        )
        last = GaugeMetricFamily("reputon_watch_last_look_timestamp_seconds", "When anything was asked last")
        with self._history.reading() as db:
            live = t.pair.c.watch.in_(sa.select(t.watch.c.id))
            rows = sa.select(t.pair.c.subject, t.pair.c.list, t.pair.c.listed).where(live, t.pair.c.listed.is_not(None))
            for row in db.execute(rows.order_by(t.pair.c.listed.desc(), t.pair.c.subject).limit(SERIES)):
                listed.add_metric((row.subject, row.list), int(row.listed))
            counts = sa.select(t.pair.c.list, sa.func.sum(t.pair.c.unknown)).where(live).group_by(t.pair.c.list)
            for name, count in db.execute(counts):
                unknown.add_metric((name,), int(count or 0))
            last.add_metric((), db.execute(sa.select(sa.func.max(t.pair.c.asked))).scalar() or 0)
        yield from (listed, unknown, last, *self._alerts())

    def _alerts(self) -> Iterator[Metric]:
        counts = outbox.counts(self._history)
        ended = CounterMetricFamily("reputon_watch_alerts", "Alerts that ended so", labels=("status",))
        for status in (Status.SENT, Status.UNCLEAR, Status.FAILED):
            ended.add_metric((str(status),), counts[status])
        yield ended
        yield GaugeMetricFamily(
            "reputon_watch_alerts_waiting",
            "Alerts that wait to be sent",
            counts[Status.WAITING] + counts[Status.SENDING],
        )


@contextmanager
def served(history: History, host: str, port: int) -> Iterator[int]:
    """The metrics at http://HOST:PORT/metrics until the block ends; yields the port.  WatchError."""
    with ExitStack() as stack:
        try:
            bound = stack.enter_context(exposition.served(Watched(history), host, port))
        except OSError as error:
            raise WatchError(f"watch.metrics: {error}") from None
        yield bound

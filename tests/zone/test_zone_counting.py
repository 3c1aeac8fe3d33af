"""Counters outlive tables, miss nothing, and are read over HTTP."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import dns.query
import numpy as np
import pytest
from tests.zone.seen_made import ask, content, table, until, warm

from reputon.zone.guard import Key, Protection
from reputon.zone.kernel.loop import new_counts
from reputon.zone.kernel.writing import LISTED
from reputon.zone.server.server import Options, Server
from reputon.zone.statistics import metrics, seen
from reputon.zone.statistics.counting import COLUMNS, MOST_GONE, NO_ZONE, Counters

HERE = [("127.0.0.1", 0)]
PLAIN = Options(is_fast=False)


def test_what_nobody_counts_into_any_more_is_added_up_and_let_go():
    counters, used, first = Counters(), [True], new_counts(table())
    counters.add(table(), first, lambda _: used[0])
    for _ in range(5):
        counters.add(table(), new_counts(table()), lambda _: False)
    first[0, LISTED] += 3  # late, by a loop that has not come round yet
    used[0] = False
    assert counters.totals()["bl.test"]["listed"] == 3
    first[0, LISTED] += 1
    assert counters.totals()["bl.test"]["listed"] == 3
    assert len(counters) == 0


def test_zones_that_come_and_go_do_not_fill_the_memory():
    counters, one = Counters(), table()
    for each in range(MOST_GONE + 50):
        here = replace(one, zones=(replace(one.zones[0], apex=f"z{each}.test"),))
        counters.add(here, new_counts(here), lambda _: False)
    assert len(counters.totals()) <= MOST_GONE + 2


@pytest.mark.parametrize("how", [dns.query.udp, dns.query.tcp])
def test_each_question_is_counted_once_across_tables(how):
    with Server(table(), HERE, PLAIN) as server:
        at = server.addresses[0]
        for turn in range(5):
            ask(at, "1.2.0.192.bl.test", how=how)
            ask(at, "9.2.0.192.bl.test", how=how)
            ask(at, "bl.test", "SOA", how=how)
            ask(at, "example.org", how=how)
            server.swap(table(content(serial=turn), content("other.test")))
        ask(at, "1.2.0.192.other.test", how=how)
        until(lambda: server.counters().get("other.test", {}).get("listed") == 1)
        counted = server.counters()
        told = {name: count for name, count in counted["bl.test"].items() if count and name != "bytes"}
        assert told["listed"] == told["not_listed"] == 5
        assert sum(told.values()) == 15
        assert counted["bl.test"]["bytes"] > 100
        assert counted[NO_ZONE]["refused"] == 5


@pytest.mark.heavy
def test_the_compiled_loop_loses_no_count_while_tables_change():
    pytest.importorskip("numba")
    warm()
    noted: list[Any] = []
    with Server(table(), HERE, Options(threads=2, sample_every=3)) as server:
        until(lambda: server.seen().is_fast)
        for turn in range(300):
            ask(server.addresses[0], "1.2.0.192.bl.test")
            if turn % 10 == 0:
                server.swap(table(content(serial=turn)))
                noted += server.samples()
        assert server.counters()["bl.test"]["listed"] == 300
        assert len(server._counters) <= 9  # of each loop the one in force, and one that it leaves
    noted += server.samples()
    assert {(each.client, each.zone, each.name) for each in noted} == {("127.0.0.0/24", "bl.test", "1.2.0.192")}
    assert 98 <= len(noted) == server.seen().sampled <= 100  # each loop counts its own


def test_the_slow_path_is_counted_with_what_it_had_no_time_for():
    with Server(table(), HERE, PLAIN) as server:
        ask(server.addresses[0], "version.bind", "TXT")  # class IN: refused, ordinary
        message = dns.message.make_query("version.bind", "TXT", "CH")
        dns.query.udp(message, "127.0.0.1", port=server.addresses[0][1], timeout=10)
        assert server.seen().handed_on == 1
        assert server.seen().dropped == 0


def test_metrics_over_http_say_what_the_server_says():
    with (
        Server(table(content(stale=4_000_000_000)), HERE, PLAIN) as server,
        metrics.served(server.seen, "127.0.0.1", 0) as port,
    ):
        ask(server.addresses[0], "1.2.0.192.bl.test")
        server.swap(table(content(serial=9)))
        read = metrics.read(f"http://127.0.0.1:{port}/metrics")
        assert read.zones["bl.test"]["listed"] == 1
        assert read.zones["bl.test"]["serial"] == 9
        assert read.zones["bl.test"]["entries"] == 2
        assert read.zones[""]["refused"] == 0
        assert read.server["swaps"] == 1
        assert read.server["fast_loop"] == 0
        assert read.server["table_age_seconds"] > 0


def test_keys_are_counted_by_their_names():
    keyed = Protection(keyed=("bl.test",), keys=(Key("example", "s3cret", per_second=1),))
    with (
        Server(table(), HERE, replace(PLAIN, protection=keyed)) as server,
        metrics.served(server.seen, "127.0.0.1", 0) as port,
    ):
        ask(server.addresses[0], "1.2.0.192.s3cret.bl.test")
        read = metrics.read(f"http://127.0.0.1:{port}/metrics")
        assert read.keys == {"example": {"asked": 1, "over_quota": 0}}
        assert read.zones["bl.test"]["listed"] == 1
        assert "s3cret" not in repr(read) + repr(server.seen())


def test_metrics_where_none_are_told_so():
    with pytest.raises(metrics.MetricsError, match="is the server running"):
        metrics.read("http://127.0.0.1:1/metrics")
    server = Server(table(), HERE, PLAIN)
    with (
        metrics.served(server.seen, "127.0.0.1", 0) as port,
        pytest.raises(metrics.MetricsError, match="cannot listen"),
        metrics.served(server.seen, "127.0.0.1", port),
    ):
        pass


def test_a_line_for_the_log_says_what_was_done_in_between():
    before = seen.Seen(table(), {"bl.test": {"listed": 1, "bytes": 10}})
    now = seen.Seen(table(), {"bl.test": {"listed": 61, "bytes": 99}, "": {"refused": 0}}, handed_on=4, dropped=1)
    assert seen.line(before, now, 60) == (
        "1.0 answers/s in 1 min, slow path 4 and 1 dropped there; bl.test: listed=60 bytes=89"
    )


def test_counts_are_whole_numbers():
    assert new_counts(table()).dtype == np.int64


def test_the_page_has_every_metric_and_every_outcome():
    page = (Path(__file__).parents[2] / "docs" / "zone-operation.md").read_text()
    told = set(re.findall(r"^\| `(reputon_dns_[a-z_]+)", page, flags=re.MULTILINE))
    made = table(content(stale=4_000_000_000))
    found = metrics.Served(lambda: seen.Seen(made, {"bl.test": dict.fromkeys(COLUMNS, 1)})).collect()
    assert told == {sample.name for each in found for sample in each.samples}
    rows = re.findall(r"^\| (`[a-z_]+`(?:, `[a-z_]+`)?) \|", page.partition("| outcome |")[2], flags=re.MULTILINE)
    assert set(re.findall("[a-z_]+", " ".join(rows))) == set(COLUMNS) - {"bytes"}

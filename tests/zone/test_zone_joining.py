"""Several tables served as one answer as each did alone."""

from collections import Counter
from typing import Any

import pytest
from tests.zone.seen_made import content, table

from reputon.zone import checks, stored
from reputon.zone.content import ContentError
from reputon.zone.joining import joined
from reputon.zone.server.asking import ask, said
from reputon.zone.server.follow import Follower
from reputon.zone.table import compile_zones

NAMES = (
    "1.2.0.192", "2.2.0.192", "2.0.0.127", "5.1.51.198", "x.tenant.example", "example", "", "www", "127",
    ".".join("1" + "0" * 23 + "8bd01002"),
)  # fmt: skip


def one():
    return table(content("a.test", six=("2001:db8::/32",), names=("tenant.example",)), seed=11, made=50)


def two():
    records = (("", "TXT", 60, '"hello"'), ("www", "A", 60, "192.0.2.80"))
    return table(
        content("b.test", listed=("198.51.0.0/16",), names=("x.example",), records=records),
        content("sub.a.test", listed=()),
        seed=99, made=40,
    )  # fmt: skip


def three():
    return table(content("c.test", listed=(), six=("2001:db8::1",)), content("d.test"), seed=11)


def answers(asked, apex):
    return [
        said(ask(asked, f"{name}.{apex}".lstrip("."), rdtype)) for name in NAMES for rdtype in ("A", "TXT", "SOA", "NS")
    ]


def test_every_zone_answers_as_it_did():
    tables = [one(), two(), compile_zones([]), three()]
    whole = joined(tables)
    assert list(checks.faults(whole)) == []
    assert [each.apex for each in whole.zones] == ["a.test", "b.test", "sub.a.test", "c.test", "d.test"]
    assert whole.made == 0
    for each in tables:
        for zone in each.zones:
            assert answers(whole, zone.apex) == answers(each, zone.apex)
    seen = Counter(rcode for zone in whole.zones for rcode, _ in answers(whole, zone.apex))
    assert set(seen) == {"NOERROR", "NXDOMAIN"}


def test_one_table_is_itself():
    made = one()
    assert joined([made]) is made


def test_a_zone_in_two_tables_is_told():
    with pytest.raises(ContentError, match=r"two tables have the zone a\.test"):
        joined([one(), two(), one()])


def test_each_file_is_followed_and_a_bad_one_keeps_what_was(tmp_path, caplog):
    paths = [tmp_path / "one", tmp_path / "two"]
    took: list[Any] = []
    for path, made in zip(paths, (one(), two()), strict=True):
        stored.write(made, path)
    follower = Follower(paths, took.append)
    follower.open()
    follower.look()
    assert took == []
    paths[0].write_bytes(b"no table at all, but long enough to be looked at")
    follower.look()
    follower.look()
    assert took == []
    assert caplog.text.count("stay as they are") == 1
    stored.write(three(), paths[1])
    follower.look()
    assert [each.apex for each in took[-1].zones] == ["a.test", "c.test", "d.test"]
    stored.write(table(content("c.test")), paths[0])  # a zone of the other file
    follower.look()
    assert len(took) == 1
    paths[0].unlink()
    follower.look()
    follower.look()
    assert caplog.text.count("stay as they are") == 3
    stored.write(two(), paths[0])
    follower.look()
    assert len(took[-1].zones) == 4

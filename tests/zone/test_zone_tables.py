"""A table dumped says what it answers; two compared differ where their answers do; check says what is odd."""

import json
from ipaddress import ip_network

import pytest
import typer
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.zone.seen_made import ask, content, table

from reputon.cli import zone_tables
from reputon.zone import stored
from reputon.zone.content import Content, Soa, Value
from reputon.zone.dump import comparing, examining
from reputon.zone.dump import entries as dumping
from reputon.zone.dump.spans import intervals, prefixes, spans
from reputon.zone.server.server import Options, Server
from reputon.zone.statistics import metrics, top
from reputon.zone.table import compile_zones

BITS = {4: 32, 6: 128}


def drawn(version, low):
    """Prefixes in a corner of the address space, which 8 bits tell apart, each excluded or with one of two values."""
    bits = BITS[version]
    return st.lists(
        st.tuples(st.integers(0, 255), st.integers(bits - 8, bits), st.integers(0, 2)).map(
            lambda each: ((low + each[0]) >> (bits - each[1]) << (bits - each[1]), each[1], each[2])
        ),
        max_size=8,
    )


def made(version, prefixes, apex="a.test"):
    of = Content(apex, Soa("ns.test", "hostmaster.test"))
    into = of.dataset()
    values = [0, of.value_of(Value(("127.0.0.2",))), of.value_of(Value(("127.0.0.3",), ("why",)))]
    for first, length, value in prefixes:
        (into.add4 if version == 4 else into.add6)(first, length, values[value])
    return compile_zones([of], 1, 1)


def said_of(of, version, address):
    """What the longest prefix says; one that is there twice says both, unless it is excluded."""
    held = [each for each in of if each[0] == address >> (BITS[version] - each[1]) << (BITS[version] - each[1])]
    longest = [each[2] for each in held if each[1] == max(length for _, length, _ in held)]
    return frozenset() if 0 in longest else frozenset(f"127.0.0.{each + 1}" for each in longest)


LOW = {4: 0xC0000200, 6: 0x20010DB8 << 96 | 0xFFFF_FFFF_FFFF_FF00}


@pytest.mark.parametrize("version", [4, 6])
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_a_dump_has_each_listed_address_once(version, data):
    low = LOW[version]
    of = data.draw(drawn(version, low))
    whole = made(version, of)
    said, told = dumping.meanings(whole, 0), {}
    for subject, value in dumping.entries(whole, 0):
        for address in ip_network(subject):
            assert int(address) not in told
            told[int(address)] = frozenset(said[value].codes)
    wanted = {address: said_of(of, version, address) for address in range(low, low + 256)}
    assert told == {address: codes for address, codes in wanted.items() if codes}
    assert spans(intervals(whole, 0, version), version).addresses() == len(told)


@pytest.mark.parametrize("version", [4, 6])
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_a_difference_is_where_the_answers_differ(version, data):
    low = LOW[version]
    old, new = data.draw(drawn(version, low)), data.draw(drawn(version, low))
    (found,) = comparing.compare(made(version, old), made(version, new))
    told = {}
    for each in found.differences():
        sides = tuple(frozenset(side.codes) if side else frozenset() for side in (each.before, each.after))
        for address in ip_network(each.subject):
            assert int(address) not in told
            told[int(address)] = sides
    wanted = {at: (said_of(old, version, at), said_of(new, version, at)) for at in range(low, low + 256)}
    assert told == {at: sides for at, sides in wanted.items() if sides[0] != sides[1]}
    assert sum(found.addresses.values()) == len(told)


@pytest.mark.parametrize(
    ("version", "listed", "told"),
    [
        (4, "0.0.0.0/0", ["0.0.0.0/0"]),
        (4, "255.255.255.255/32", ["255.255.255.255"]),
        (6, "::/0", ["::/0"]),
        (6, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128", ["ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"]),
    ],
)
def test_the_ends_of_the_address_space(version, listed, told):
    network = ip_network(listed)
    whole = made(version, [(int(network.network_address), network.prefixlen, 1)])
    found = spans(intervals(whole, 0, version), version)
    assert [subject for subject, _ in prefixes(found)] == told
    assert found.addresses() == network.num_addresses
    assert found.has(int(network.broadcast_address))


def test_names_zones_and_texts_that_came_and_went():
    old = table(content("a.test", names=("x.example", "y.example")), content("gone.test"))
    other = content("a.test", names=("y.example", "z.example"))
    other.values[1] = Value(("127.0.0.2",), ("another text",))
    found = {each.apex: each for each in comparing.compare(old, table(other))}
    told = {(str(each.kind), each.subject) for each in found["a.test"].differences()}
    assert told == {
        ("removed", ".x.example"), ("added", ".z.example"), ("changed", ".y.example"),
        ("changed", "192.0.2.1"), ("changed", "127.0.0.2"),
    }  # fmt: skip
    assert {str(each.kind) for each in found["gone.test"].differences()} == {"removed"}
    assert not sum(map(len, comparing.compare(old, old)))


def test_check_says_what_is_odd():
    whole = table(
        content("a.test", ("10.0.0.0/8", "192.0.2.1"), ("invalid",), ("::ffff:127.0.0.1",), stale=500),
        content("b.test", names=("test",), six=("::ffff:127.0.0.2",)),
    )
    odd, fine = examining.examine(whole, 400.0)
    assert odd.faults == fine.faults == fine.warnings == ()
    assert [each.removeprefix("a.test ")[:28] for each in odd.warnings] == [
        "does not list 127.0.0.2, by ", "lists something of 10.0.0.0/", "does not list ::ffff:127.0.0",
        "lists ::ffff:127.0.0.1, as i", "does not list the name TEST,", "lists the name INVALID, as i",
    ]  # fmt: skip
    stale, _ = examining.examine(whole, 500.0)
    assert "is stale" in stale.faults[0]
    world, _ = examining.examine(table(content("a.test", ("127.0.0.1",)), content("aa.test")), 1.0)
    assert "lists 127.0.0.1" in world.faults[0]


@pytest.fixture
def verb(capsys):
    """A verb as a function: the lines it prints, and its exit code."""

    def run(function, *words):
        try:
            function(*words)
            code = 0
        except typer.Exit as ended:
            code = ended.exit_code
        return capsys.readouterr().out.splitlines(), code

    return run


def test_the_verbs(tmp_path, verb):
    one, two, bad = (tmp_path / name for name in ("one", "two", "bad"))
    stored.write(table(), one)
    stored.write(table(content(listed=("127.0.0.2", "192.0.2.0/31"))), two)
    bad.write_bytes(one.read_bytes()[:-1])
    lines, code = verb(zone_tables.check, one, True)
    assert code == 0
    assert json.loads(lines[0])["entries"] == 2
    lines, code = verb(zone_tables.check, bad, True)
    assert code == 1
    assert "was not copied whole" in json.loads(lines[0])["faults"][0]
    lines, code = verb(zone_tables.dump, one, "bl.test.", True)
    assert [json.loads(each)["subject"] for each in lines] == ["127.0.0.2", "192.0.2.1"]
    assert verb(zone_tables.dump, one, None, False)[0][0] == 'bl.test  127.0.0.2  127.0.0.2  "listed: $"'
    with pytest.raises(ValueError, match="there is no zone"):
        zone_tables.dump(one, "other.test", False)
    lines, code = verb(zone_tables.diff, one, two, False)
    assert code == 0
    assert lines[0].startswith("bl.test: 1 ranges (1 addresses) and 0 names added, 0 ranges")
    assert lines[1:] == ["+ bl.test  192.0.2.0  127.0.0.2"]
    assert verb(zone_tables.diff, one, one, False)[0] == ["no difference"]


def test_stats_of_a_running_server(tmp_path, verb):
    server = Server(table(), [("127.0.0.1", 0)], Options(is_fast=False))
    with server, metrics.served(server.seen, "127.0.0.1", 0) as port:
        ask(server.addresses[0], "1.2.0.192.bl.test")
        lines, _ = verb(zone_tables.stats, f"127.0.0.1:{port}", None, True)
        assert json.loads(lines[0])["zones"]["bl.test"]["listed"] == 1
        lines, _ = verb(zone_tables.stats, f"127.0.0.1:{port}", None, False)
    assert "bl.test" in "\n".join(lines)
    assert "fast loop 0" in " ".join(lines)
    config = tmp_path / "reputon.toml"
    config.write_text("")
    with pytest.raises(ValueError, match=r"serve\.dns\.metrics"):
        zone_tables.stats(None, config, False)


def test_top_of_a_log_of_samples(tmp_path, verb):
    log = tmp_path / "log"
    sample = {"time": "2026-11-24T09:00:00Z", "client": "192.0.2.0/24", "zone": "bl.test", "name": "1.2.0.192"}
    lines = [json.dumps(sample | {"type": "A", "outcome": outcome}) for outcome in ("listed", "listed", "no_data")]
    log.write_text("\n".join([*lines, "no JSON", "[1]", json.dumps(sample | {"zone": None, "outcome": "refused"})]))
    told = json.loads(verb(zone_tables.top, log, 1, True)[0][0])
    assert (told["samples"], told["unread"]) == (4, 2)
    assert told["outcome"] == {"listed": 2}
    assert told["zone"] == {"bl.test": 3}
    lines, code = verb(zone_tables.top, log, 10, False)
    assert code == 0
    assert lines[0] == "4 samples from 2026-11-24T09:00:00Z to 2026-11-24T09:00:00Z, 2 lines are no samples"
    assert "    type          3  A" in lines


def test_top_counts_only_so_many_different_names(monkeypatch):
    monkeypatch.setattr(top, "MOST", 10)
    found = top.Top()
    often = ['{"time": "t", "outcome": "listed", "name": "often"}'] * 20
    found.add(often + [f'{{"time": "t", "outcome": "listed", "name": "{each}"}}' for each in range(1000)])
    assert found.samples == 1020
    assert len(found.counts["name"]) <= 10
    assert found.counts["name"]["often"] == 20

"""Adapters as pure functions: routes put in and taken out of any text, and folders of files before and after."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reputon.reroute import block, incident
from reputon.reroute.adapters import ADAPTERS, postfix, table
from reputon.reroute.incident import Plan, Relay, RerouteError, Route, Texts

SCENES = Path(__file__).parent / "scenes"

SOFT = Route("0a1b2c3d", ("blocked.test", "other.test"), Relay("relay.example.org", 587), "soft")
HARD = Route("4e5f6a7b", ("strict.test",), Relay("192.0.2.7", 25, "hash:/etc/postfix/sasl_passwd"), "hard")
USUAL = Route("99999999", ("a.test",), Relay("2001:db8::1", 25), "soft", (("a.test", "[192.0.2.1]:2525"),))
ROUTES = (SOFT, HARD, USUAL)

parts = st.sampled_from(
    ["transport_maps", " = ", "hash:/x", "\n", "\n ", "\n# ", ",", "#| ", "relay_domains", "\r\n", "\t", "é", "\udcff"]
)
texts = st.lists(parts | st.text(max_size=8), max_size=30).map("".join).filter(lambda text: "reputon" not in text)
files = st.fixed_dictionaries({name: st.none() | texts for name in postfix.ADAPTER.files}).map(
    lambda found: {**found, "main.cf": found["main.cf"] or "", "master.cf": found["master.cf"] or ""}
)
routes = st.lists(st.sampled_from(ROUTES), unique=True)


def to_any(change: Callable[..., Texts], *arguments: object) -> Texts | None:
    """The change, or None where the adapter has a reason to refuse it."""
    try:
        return change(*arguments)
    except RerouteError:
        return None


@given(files, routes, routes)
def test_postfix_routes_leave_no_trace(before, first, second):
    """Back is byte for byte, however many routes came and went; the same twice is nothing more."""
    on = to_any(postfix.changed, before, first)
    assert on is None or postfix.changed(on, ()) == before
    assert on is None or Plan(on, postfix.changed(on, first)).files == ()
    other = to_any(postfix.changed, before, second)
    if on is not None and other is not None:
        assert postfix.changed(on, second) == other


@given(st.none() | texts, routes, routes)
def test_table_routes_leave_no_trace(text, first, second):
    before = {table.FILE: text}
    on, other = to_any(table.changed, before, first), to_any(table.changed, before, second)
    assert on is None or table.changed(on, ()) == before
    if on is not None and other is not None:
        assert table.changed(on, second) == other


@given(texts, st.text("ab\n", max_size=9), st.data())
def test_a_block_leaves_no_trace_wherever_it_is(text, body, data):
    count = len(incident.lines(text))
    start = data.draw(st.integers(0, count))
    where = data.draw(st.none() | st.integers(start, count).map(lambda stop: (start, stop)))
    ours = body if not body or body.endswith("\n") else f"{body}\n"
    assert block.out(block.put(text, ours, "f", where), "f") == text


@given(st.sampled_from(ROUTES), st.data())
def test_an_edit_by_hand_is_refused(route, data):
    """Any line of a block changed, taken out or added: nothing is written over it."""
    text = postfix.changed({"main.cf": "", "master.cf": "", postfix.MAP: None, postfix.FILTER: None}, [route])[
        "master.cf"
    ]
    lines = incident.lines(text or "")
    at = data.draw(st.integers(0, len(lines) - 1))
    edit = data.draw(st.sampled_from(["x", "", "twice"]))
    lines[at : at + 1] = {"x": [f"{lines[at].rstrip()}x\n"], "": [], "twice": [lines[at]] * 2}[edit]
    if edit == "x" and lines[at].startswith(block.BEGIN):
        return  # the words behind the seal are for people
    with pytest.raises(RerouteError, match="by hand"):
        block.out("".join(lines), "master.cf")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("transport_maps = hash:/a\n", "hash:/a"),
        ("transport_maps=hash:/a,\n\thash:/b\n", "hash:/a, hash:/b"),
        ("transport_maps = hash:/a\n# c\n\n  hash:/b\nx = y\n", "hash:/a hash:/b"),
        ("transport_maps = hash:/a\nx = y\n  z\ntransport_maps = hash:/b", "hash:/b"),
        ("#transport_maps = hash:/a\nmy_transport_maps = b\n", None),
        ("x = a\n transport_maps = b\n", None),
        ("transport_maps =\n", ""),
    ],
)
def test_parameters_as_postfix_reads_them(text, value):
    assert postfix.value(text, "transport_maps") == value


@pytest.mark.parametrize("scene", sorted(path.name for path in SCENES.iterdir()))
def test_scenes(scene):
    """`before/` with the routes named in `routes` is `after/`; and back."""
    adapter = ADAPTERS[scene.partition("-")[0]]
    before, after = (
        {name: path.read_text() if (path := SCENES / scene / side / name).exists() else None for name in adapter.files}
        for side in ("before", "after")
    )
    named = (SCENES / scene / "routes").read_text().split()
    wanted = [route for route in ROUTES if route.id in named]
    assert len(wanted) == len(named) > 0
    assert adapter.changed(before, wanted) == after
    assert adapter.changed(after, ()) == before


@pytest.mark.parametrize(
    ("main", "route", "why"),
    [
        ("relayhost = [smart.test]\n", SOFT, "--mode hard"),
        ("default_transport = randmap:{out1:, out2:}\n", SOFT, "--mode hard"),
        ("transport_maps = randmap:{out1:, out2:}\n", SOFT, "sender_dependent_default_transport_maps"),
        ("transport_maps = hash:/x, randmap:{out1:, out2:}\n", replace(SOFT, mode="hard"), "randmap"),
        (None, SOFT, "--config-dir"),
        ("", Route("00000000", ("mx:mx.a.test",), SOFT.relay, "hard"), "name the domains"),
        ("# reputon end\n", HARD, "by hand"),
    ],
)
def test_what_postfix_cannot_do(main, route, why):
    with pytest.raises(RerouteError, match=why):
        postfix.changed({"main.cf": main, "master.cf": "", postfix.MAP: None, postfix.FILTER: None}, [route])


def test_a_service_or_a_line_of_the_administrator_s_own_is_not_overruled():
    with pytest.raises(RerouteError, match="not ours"):
        postfix.changed({"main.cf": "", "master.cf": "rptn-4e5f6a7b unix - - n - - smtp\n", postfix.MAP: None,
                         postfix.FILTER: None}, [HARD])  # fmt: skip
    with pytest.raises(RerouteError, match=r"strict\.test"):
        table.changed({table.FILE: "strict.test hard:[192.0.2.9]:25\n"}, [HARD])


def test_a_small_mta_reads_the_table():
    text = table.changed({table.FILE: "# mine\nown.test hard:[192.0.2.9]:25\n"}, ROUTES)[table.FILE]
    assert table.read(text or "") == {
        "own.test": ("hard", "[192.0.2.9]:25"),
        "strict.test": ("hard", "[192.0.2.7]:25"),
        "blocked.test": ("soft", "[relay.example.org]:587"),
        "other.test": ("soft", "[relay.example.org]:587"),
        "a.test": ("soft", "[2001:db8::1]:25"),
    }

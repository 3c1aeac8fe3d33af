"""Switching and going back on plain files: twice is once, others' changes stay, and SIGKILL at any step is mended."""

import os
import signal
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from reputon import durable
from reputon.reroute import adapters, incident, switch
from reputon.reroute.adapters import postfix
from reputon.reroute.incident import Incident, RerouteError, Route
from reputon.reroute.store import Store
from reputon.reroute.switch import Place

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
LATER = NOW + timedelta(days=2)
MAIN = "myhostname = a.test\n# ours\ntransport_maps = hash:/x\n"
STEPS = 8  # an apply and a revert each write at most six times


@pytest.fixture(autouse=True)
def _files_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Postfix's files without Postfix."""
    plain = adapters.Adapter(postfix.ADAPTER.files, postfix.ADAPTER.changed)
    monkeypatch.setitem(adapters.ADAPTERS, "postfix", plain)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "main.cf").write_text(MAIN)
    (tmp_path / "etc" / "master.cf").write_bytes(b"smtp unix - - n - - smtp # \xff")
    return Place("postfix", tmp_path / "etc")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "state")


def wanted(*receivers: str, now: datetime = NOW) -> Incident:
    via = incident.relay("relay.test:25")
    route = Route("", incident.receivers(receivers or ("blocked.test",), via), via, "soft")
    return incident.begin(route, "provider-shared", "why", now, None)


def held(place: Place) -> dict[str, bytes]:
    """Everything in the folder but what a killed write left behind, which nobody reads."""
    return {path.name: path.read_bytes() for path in place.config_dir.iterdir() if not path.name.startswith(".")}


def test_twice_is_once(store, place):
    before = held(place)
    first, made = switch.apply(store, wanted(), place)
    files = held(place)
    second, again = switch.apply(store, wanted(now=NOW + timedelta(hours=1)), place)
    assert second == first
    assert (again.files, again.diff, held(place)) == ((), "", files)
    assert made.files == postfix.ADAPTER.files
    closed = switch.revert(store, first, LATER, "expired")
    assert switch.revert(store, first, LATER, "again") == closed
    assert (closed.closed, closed.closed_why, held(place)) == (LATER, "expired", before)


def test_a_plan_changes_nothing(store, place):
    before = held(place)
    _, made = switch.plan(store, wanted(), place)
    assert "+blocked.test rptn-" in made.diff
    assert (held(place), store.all()) == (before, [])


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2), (1, 2, 0)])
def test_incidents_go_back_in_any_order(store, place, order):
    before = held(place)
    named = [switch.apply(store, wanted(name), place)[0] for name in ("a.example", "b.example", "c.example")]
    for at in order:
        switch.revert(store, named[at], LATER, "expired")
        assert f"{named[at].route.receivers[0]} ".encode() not in held(place).get(postfix.MAP, b"")
    assert held(place) == before


def test_what_others_changed_meanwhile_stays(store, place):
    on, _ = switch.apply(store, wanted(), place)
    main = place.config_dir / "main.cf"
    main.write_text(f"# new\n{main.read_text()}x = y\n")
    switch.revert(store, on, LATER, "expired")
    assert main.read_text() == f"# new\n{MAIN}x = y\n"


def test_our_lines_edited_by_hand_are_not_overwritten(store, place):
    on, _ = switch.apply(store, wanted(), place)
    edited = place.config_dir / postfix.MAP
    edited.write_text(edited.read_text().replace("blocked.test", "edited.test"))
    files = held(place)
    for act in (
        lambda: switch.revert(store, on, LATER, "expired"),
        lambda: switch.apply(store, wanted("c.test"), place),
    ):
        with pytest.raises(RerouteError, match="by hand"):
            act()
    assert held(place) == files
    assert switch.condition(store, on) == "edited by hand"
    assert store.named(on.route.id).state == "active"


def test_files_that_change_under_us_are_not_overwritten(store, place, monkeypatch):
    main = place.config_dir / "main.cf"
    write = durable.write

    def and_somebody_else(path: Path, data: bytes | str) -> None:
        write(path, data)
        if path.name == "master.cf":
            main.write_text("x = y\n")

    monkeypatch.setattr(durable, "write", and_somebody_else)
    with pytest.raises(RerouteError, match="somebody else"):
        switch.apply(store, wanted(), place)
    assert main.read_text() == "x = y\n"
    [begun] = store.all()
    assert switch.condition(store, begun) == "half-applied"
    monkeypatch.undo()


def test_a_receiver_has_one_way_round(store, place):
    switch.apply(store, wanted("a.example", "b.example"), place)
    with pytest.raises(RerouteError, match=r"b\.example is rerouted already"):
        switch.plan(store, wanted("b.example", "c.example"), place)


def test_a_link_stays_a_link(store, place, tmp_path):
    real = tmp_path / "real.cf"
    main = place.config_dir / "main.cf"
    main.rename(real)
    main.symlink_to(real)
    on, _ = switch.apply(store, wanted(), place)
    assert main.is_symlink()
    assert "reputon" in real.read_text()
    switch.revert(store, on, LATER, "expired")
    assert (main.is_symlink(), real.read_text()) == (True, MAIN)


def test_no_address_and_no_foreign_line_is_kept(store, place):
    """An incident on disk holds domains and our own lines with what they replaced, nothing else of the files."""
    (place.config_dir / "main.cf").write_text(f"smtp_sasl_password_maps = static:me:secret\n{MAIN}")
    on, _ = switch.apply(store, wanted(), place)
    text = (store.directory / f"{on.route.id}.json").read_text()
    assert "blocked.test" in text
    assert "secret" not in text
    assert "@blocked" not in text


def test_looks_end_a_route(store, place):
    on, _ = switch.apply(store, wanted(), place)
    for minutes in (20, 31):
        assert switch.due(store, NOW + timedelta(minutes=minutes)) == []
        switch.look(store, on.route.id, "clean", NOW + timedelta(minutes=minutes))
    [(due, why)] = switch.due(store, NOW + timedelta(minutes=32))
    assert (due.route.id, why) == (on.route.id, "the list says clean")


@pytest.mark.parametrize("content", ["", "[]", "{}", "null", '{"route": {}}', "\0"])
def test_a_file_that_is_no_incident_is_named(store, content):
    store.directory.mkdir(parents=True)
    (store.directory / "x.json").write_text(content)
    with pytest.raises(RerouteError, match=r"x\.json"):
        store.all()


# --- killed ----------------------------------------------------------------------------------------------------------


def killed_at(step: int, torn: bool, act: Callable[[], Any]) -> bool:
    """Do it in a child that is killed at its nth change of the disk, or in the middle of it; whether it was."""
    child = os.fork()
    if child == 0:
        try:
            _kill_at(step, torn)
            act()
            os._exit(0)
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.waitstatus_to_exitcode(status) == 0
    return os.WIFSIGNALED(status)


def _kill_at(step: int, torn: bool) -> None:
    left = [step]
    write, unlink = durable.write, Path.unlink

    def dies(path: Path, data: bytes) -> None:
        if left[0] == 0:
            if torn:
                (path.parent / f".{path.name}.torn").write_bytes(data[: len(data) // 2])
            os.kill(os.getpid(), signal.SIGKILL)
        left[0] -= 1

    def writes(path: Path, data: bytes | str) -> None:
        dies(path, data.encode() if isinstance(data, str) else data)
        write(path, data)

    def unlinks(path: Path, missing_ok: bool = False) -> None:
        if path.name.startswith("reputon_"):  # not the temporary files of a write
            dies(path, b"")
        unlink(path, missing_ok)

    durable.write, Path.unlink = writes, unlinks  # type: ignore[method-assign, assignment]


def is_sound(place: Place) -> bool:
    """Whatever a file names is there: Postfix could start now, and would lose nothing."""
    files = {name: data.decode(errors="replace") for name, data in held(place).items()}
    if f"/{postfix.MAP}" in files["main.cf"] and postfix.MAP not in files:
        return False
    if postfix.FILTER in files["master.cf"] and postfix.FILTER not in files:
        return False
    entries = [line.split()[1] for line in files.get(postfix.MAP, "").split("\n") if line and line[0] != "#"]
    return all(f"\n{entry.partition(':')[0]} unix" in files["master.cf"] for entry in entries)


@pytest.mark.parametrize("torn", [False, True])
@pytest.mark.parametrize("step", range(STEPS))
@pytest.mark.parametrize("neighbour", [False, True])
def test_killed_while_switching(store, place, step, torn, neighbour):
    """Nothing of it without an incident that says so; then both going on and going back work."""
    if neighbour:
        switch.apply(store, wanted("neighbour.example"), place)
    before = held(place)
    killed = killed_at(step, torn, lambda: switch.apply(store, wanted(), place))
    assert killed == (step < (4 if neighbour else 6))  # the neighbour has main.cf and the filter changed already
    assert is_sound(place)
    begun = [each for each in store.all() if each.route.receivers == ("blocked.test",)]
    assert begun or held(place) == before
    if begun:
        assert switch.condition(store, begun[0]) in ("applied", "half-applied", "not applied")
        switch.revert(store, begun[0], LATER, "by hand")
        assert held(place) == before
    on, _ = switch.apply(store, wanted(), place)
    assert switch.condition(store, on) == "applied"


@pytest.mark.parametrize("torn", [False, True])
@pytest.mark.parametrize("step", range(STEPS))
def test_killed_while_switching_then_switched_again(store, place, step, torn):
    before = held(place)
    killed_at(step, torn, lambda: switch.apply(store, wanted(), place))
    on, _ = switch.apply(store, wanted(now=NOW + timedelta(minutes=5)), place)
    assert len(store.all()) == 1
    assert (on.state, switch.condition(store, on), len(on.inverse)) == ("active", "applied", 4)
    switch.revert(store, on, LATER, "expired")
    assert held(place) == before


@pytest.mark.parametrize("torn", [False, True])
@pytest.mark.parametrize("step", range(STEPS))
def test_killed_while_going_back(store, place, step, torn):
    before = held(place)
    on, _ = switch.apply(store, wanted(), place)
    assert killed_at(step, torn, lambda: switch.revert(store, on, NOW, "by hand")) == (step < 6)
    assert is_sound(place)
    for each, why in switch.due(store, LATER):  # as cron does it
        switch.revert(store, each, LATER, why)
    assert (held(place), store.named(on.route.id).state) == (before, "closed")


def test_the_inverse_is_on_disk_before_anything_changes(store, place):
    before = held(place)
    assert killed_at(1, False, lambda: switch.apply(store, wanted(), place))
    [begun] = store.all()
    assert held(place) == before
    assert [change.file for change in begun.inverse] == list(postfix.ADAPTER.files)
    assert all(change.diff for change in begun.inverse)
    assert replace(begun, inverse=()) == replace(Place("postfix", place.config_dir).of(wanted()), state="applying")

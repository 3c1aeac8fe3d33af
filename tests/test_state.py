"""The state directory as a whole: a backup of one moment, restored whole or not at all; what is broken is named."""

import json
import os
import sqlite3
import tarfile
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from reputon import state
from reputon.evidence.kinds import Evidence, EvidenceError, Kind
from reputon.evidence.store import Store
from reputon.state import StateError
from tests.evidence.typed import typed

START = datetime(2026, 11, 24, tzinfo=UTC)


def piece(host):
    return Evidence(START, 0xC0000200 + host, "shop.example", Kind.SENT)


def held(folder, url=""):
    with Store(folder, url) as store:
        return Counter(store.rows()["subject"].to_pylist())


@pytest.fixture
def folder(tmp_path):
    """A state directory with sealed and open evidence, listings, and what others keep there."""
    made = tmp_path / "state"
    with Store(made) as store:
        store.add("mx1", b"1", [piece(1), piece(2)])
        store.seal()
        store.add("mx1", b"2", [piece(3)])
    with closing(sqlite3.connect(made / "listings.sqlite")) as sql:
        sql.execute("CREATE TABLE listing (name TEXT)")
        sql.execute("INSERT INTO listing VALUES ('192.0.2.1')")
        sql.commit()
    (made / "incidents").mkdir()
    (made / "incidents" / "a.json").write_text("{}")
    (made / "scores").mkdir()
    (made / "scores" / "scores.json").write_text("{}")
    return made


def test_what_is_restored_is_what_was(folder, tmp_path):
    before = held(folder)
    file = tmp_path / "state.tar.gz"
    count = state.backup(folder, file)
    with Store(folder) as store:
        store.add("mx1", b"3", [piece(4)])
    assert state.restore(file, tmp_path / "new") == count
    assert held(tmp_path / "new") == before
    assert state.check(tmp_path / "new") == []
    with closing(sqlite3.connect(tmp_path / "new" / "listings.sqlite")) as sql:
        assert sql.execute("SELECT name FROM listing").fetchall() == [("192.0.2.1",)]
    assert (tmp_path / "new" / "incidents" / "a.json").read_text() == "{}"
    assert not (tmp_path / "new" / "scores").exists()  # a run scores everybody anew
    with Store(tmp_path / "new") as store:
        assert not store.add("mx1", b"2", [piece(3)])
        store.add("mx1", b"4", [piece(9)])
        store.seal()
    assert held(tmp_path / "new") == before + Counter([0xC0000209])
    assert file.stat().st_mode & 0o77 == 0


def test_what_was_sealed_elsewhere_since_the_backup_counts_once(tmp_path):
    folder, url, file = tmp_path / "state", str(tmp_path / "sealed"), tmp_path / "b.tar.gz"
    with Store(folder, url) as store:
        store.add("mx1", b"1", [piece(1)])
        state.backup(folder, file)
        store.add("mx1", b"2", [piece(2)])
        store.seal()
    state.restore(file, tmp_path / "new")
    with Store(tmp_path / "new", url) as store:
        store.add("mx1", b"3", [piece(3)])
        store.seal()
        store.seal()
    assert held(tmp_path / "new", url) == Counter(0xC0000200 + host for host in (1, 2, 3))


def test_only_into_an_empty_directory(folder, tmp_path):
    state.backup(folder, tmp_path / "b.tar.gz")
    with pytest.raises(StateError, match="not empty"):
        state.restore(tmp_path / "b.tar.gz", folder)
    (tmp_path / "empty").mkdir()
    state.restore(tmp_path / "b.tar.gz", tmp_path / "empty")
    with pytest.raises(StateError, match="not there"):
        state.check(tmp_path / "nowhere")
    with pytest.raises(StateError, match="not there"):
        state.backup(tmp_path / "nowhere", tmp_path / "c.tar.gz")


@pytest.mark.parametrize("part", [0.0, 0.3, 0.7, 0.95])
def test_a_torn_backup_restores_nothing(folder, tmp_path, part):
    file = tmp_path / "b.tar.gz"
    state.backup(folder, file)
    os.truncate(file, int(file.stat().st_size * part))
    with pytest.raises(StateError, match="cannot be restored"):
        state.restore(file, tmp_path / "new")
    assert not (tmp_path / "new").exists()
    assert [path for path in tmp_path.iterdir() if path.name.startswith(".new")] == []


def changed(file, name, content=None, rename=None):
    """The backup with one member other than it was."""
    other = file.with_name("changed.tar.gz")
    with (
        tarfile.open(file) as old,
        tarfile.open(other, "w:gz") as new,
        Path(content or os.devnull).open("rb") as instead,
    ):
        for member in old:
            data = old.extractfile(member)
            if member.name == name:
                member.name = rename or member.name
                if content is not None:
                    data, member.size = instead, content.stat().st_size
            new.addfile(member, data)
    return other


@pytest.mark.parametrize("rename", ["../out", "/out", "node2", None])
def test_a_backup_that_was_tampered_with_restores_nothing(folder, tmp_path, rename):
    file = tmp_path / "b.tar.gz"
    state.backup(folder, file)
    (tmp_path / "other").write_text("other\n")
    with pytest.raises(StateError):
        state.restore(changed(file, "node", None if rename else tmp_path / "other", rename), tmp_path / "new")
    assert not (tmp_path / "new").exists()
    assert not (tmp_path / "out").exists()


def sealed(folder):
    (path,) = folder.glob("evidence/*/*/*.parquet")
    return path


def manifest(folder):
    (path,) = folder.glob("manifests/*.json")
    return path


def cut(path):
    os.truncate(path, path.stat().st_size // 2)


def noise(path, at=0.5):
    data = bytearray(path.read_bytes())
    start = int(len(data) * at)
    data[start : start + 40] = b"\xff" * 40
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("harm", "where", "what"),
    [
        (lambda folder: cut(sealed(folder)), "parquet", "bytes"),
        (lambda folder: noise(sealed(folder)), "parquet", "bytes"),
        (lambda folder: sealed(folder).unlink(), "parquet", "not there"),
        (lambda folder: cut(manifest(folder)), "manifests", "broken"),
        (lambda folder: manifest(folder).write_text('{"version": 9}'), "manifests", "version"),
        (lambda folder: cut(folder / "listings.sqlite"), "listings", ""),
        (lambda folder: noise(folder / "evidence.sqlite", 0), "evidence.sqlite", ""),
        (lambda folder: cut(folder / "evidence.sqlite"), "evidence.sqlite", ""),
        (lambda folder: next(folder.glob("names/*")).unlink(), "names", "not there"),
    ],
)
def test_what_is_broken_is_named_with_what_to_do(folder, harm, where, what):
    assert state.check(folder) == []
    harm(folder)
    faults = state.check(folder)
    assert any(where in fault.where and what in fault.what and fault.advice for fault in faults), faults
    assert all(fault.is_harm for fault in faults)


def test_a_batch_that_is_broken_is_named(folder):
    with closing(sqlite3.connect(folder / "evidence.sqlite")) as sql:
        sql.execute("UPDATE batch SET blob = x'00'")
        sql.commit()
    assert "batch 2" in state.check(folder)[0].what
    with Store(folder) as store, pytest.raises(EvidenceError, match="state check"):
        store.rows()
    with Store(folder) as store, pytest.raises(EvidenceError, match="state check"):
        store.seal()


def test_orphans_are_no_harm(folder):
    sealed(folder).with_name("ffff-9.parquet").write_bytes(b"torn")
    (fault,) = state.check(folder)
    assert not fault.is_harm


def test_a_broken_file_can_be_left_out(folder):
    path = sealed(folder)
    cut(path)
    with Store(folder) as store:
        with pytest.raises(EvidenceError, match="state check"):
            store.rows()
        assert store.leave_out([str(path)]) == 1
        assert store.rows()["subject"].to_pylist() == [0xC0000203]
    assert state.check(folder) == []


def test_the_verb(folder, tmp_path, monkeypatch, capsys):
    (tmp_path / "reputon.toml").write_text('state_dir = "state"\n')
    (tmp_path / "other.toml").write_text('state_dir = "other"\n')
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("REPUTON_CONFIG", str(tmp_path / "reputon.toml"))
    run = partial(typed, monkeypatch, capsys, "state")
    assert json.loads(run("backup", "b.tar.gz", "--json").stdout)["files"] >= 6
    assert run("restore", "b.tar.gz").returncode == 2
    assert run("restore", "b.tar.gz", "--config", "other.toml").returncode == 0
    assert run("check", "--config", "other.toml").returncode == 0
    assert held(tmp_path / "other") == held(folder)
    cut(sealed(folder))
    ended = run("check")
    assert ended.returncode == 1
    assert "restore it from a backup" in ended.stdout
    assert run("check", "--leave-out", "--json").returncode == 1
    assert run("check").returncode == 0
    assert Path(tmp_path / "b.tar.gz").exists()

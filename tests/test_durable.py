"""Durable writing: the old file or the new one, whatever happens in between."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from reputon import durable

KILLED = """
import os, signal, sys
from pathlib import Path
from reputon import durable
def kill(*_): os.kill(os.getpid(), signal.SIGKILL)
Path.replace = kill
durable.write(Path(sys.argv[1]), "new")
"""


def test_a_file_is_replaced_and_keeps_its_mode(tmp_path):
    path = tmp_path / "file"
    path.write_text("old")
    path.chmod(0o640)
    durable.write(path, "new")
    assert (path.read_text(), path.stat().st_mode & 0o7777) == ("new", 0o640)


def test_a_new_file_follows_the_umask(tmp_path):
    before = os.umask(0o027)
    try:
        durable.write(tmp_path / "file", b"\0\1")
    finally:
        os.umask(before)
    assert (tmp_path / "file").stat().st_mode & 0o7777 == 0o640


def test_killed_between_write_and_rename_the_old_file_stands(tmp_path):
    path = tmp_path / "file"
    path.write_text("old")
    ended = subprocess.run([sys.executable, "-c", KILLED, str(path)], timeout=60)
    assert ended.returncode == -signal.SIGKILL
    assert path.read_text() == "old"
    durable.write(path, "newer")
    assert path.read_text() == "newer"


def test_a_failed_rename_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "file"
    path.write_text("old")

    def fail(*_):
        raise OSError("the disk is full")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(OSError, match="the disk is full"):
        durable.write(path, "new")
    assert [each.name for each in tmp_path.iterdir()] == ["file"]
    assert path.read_text() == "old"

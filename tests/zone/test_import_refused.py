"""What an import must not write over a good table: an empty zone, one that lists the world, and no device."""

import sys

import pytest

from reputon import cli
from reputon.zone import stored


@pytest.fixture
def run(monkeypatch):
    def command(*words):
        monkeypatch.setattr(sys, "argv", ["reputon", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return ended.value.code

    return command


@pytest.mark.parametrize("lines", ["# nothing\n", "127.0.0.1\n", "0.0.0.0/0\n"])
def test_the_table_before_stays(run, tmp_path, lines, capsys):
    source, table = tmp_path / "v4.rbl", tmp_path / "bl.table"
    words = ("zone", "import", "rbldnsd", f"ip4set:{source}", "--origin", "bl.test", "--output", table)
    source.write_text("192.0.2.1\n")
    assert not run(*words)
    before = table.read_bytes()
    source.write_text(lines)
    assert run(*words) == 2
    assert "--force" in capsys.readouterr().err
    assert table.read_bytes() == before
    assert not run(*words, "--force")
    assert stored.read(table).zones[0].apex == "bl.test"

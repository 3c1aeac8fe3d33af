"""Configuration: where it is found, what is refused and how it is said, and that secrets stay secret."""

import json
import sys
from pathlib import Path

import pytest

from reputon import cli, config
from reputon.config import Config, ConfigError

ALL = list(config.keys(Config()))


@pytest.fixture(autouse=True)
def nowhere(monkeypatch, tmp_path):
    """No configuration of the machine that the tests run on."""
    monkeypatch.delenv("REPUTON_CONFIG", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    monkeypatch.chdir(tmp_path)


def written(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_without_a_file_all_is_default():
    assert config.find() is None
    assert config.load() == Config()
    assert all(is_default for _, _, is_default, _ in ALL)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("colour = 1", "there is no key `colour`"),
        ("[listing]\nshare = 1", "there is no key `listing.share`"),
        ("[serve.dns]\nport = 53", "there is no key `serve.dns.port`"),
        ("[listing]\nthreshold = 'low'", "`listing.threshold`"),
        ("[listing]\nthreshold = 101", "`listing.threshold`"),
        ("[listing]\nshared = 'both'", "`listing.shared`"),
        ("[zone]\nttl = 0", "`zone.ttl`"),
        ("lists = 3", "`lists`"),
        ("a = ", "is not TOML"),
        ("\xff\xfe", "is not TOML"),
    ],
)
def test_a_mistake_is_told_with_file_and_key(tmp_path, text, said):
    path = tmp_path / "my.toml"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(ConfigError) as raised:
        config.load(path)
    assert said in str(raised.value)
    assert "my.toml" in str(raised.value)
    assert "\n" not in str(raised.value).strip() or "TOML" in said


def test_a_file_that_is_too_large_or_missing_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="larger than 1024 KiB"):
        config.load(written(tmp_path / "large.toml", "#" * (config.SIZE + 1)))
    with pytest.raises(ConfigError, match="--config"):
        config.load(tmp_path / "none.toml")


def test_the_places_in_their_order(tmp_path, monkeypatch):
    written(tmp_path / "xdg/reputon/reputon.toml", "[listing]\nmin_sources = 3")
    assert config.load().listing.min_sources == 3
    written(tmp_path / "reputon.toml", "[listing]\nmin_sources = 4")
    assert config.load().listing.min_sources == 4
    monkeypatch.setenv("REPUTON_CONFIG", str(written(tmp_path / "named.toml", "[listing]\nmin_sources = 5")))
    assert config.load().listing.min_sources == 5
    given = written(tmp_path / "given.toml", "[listing]\nmin_sources = 6")
    assert config.load(given).listing.min_sources == 6


def test_paths_are_relative_to_the_file(tmp_path, monkeypatch):
    text = 'state_dir = "state"\n[lists]\ncatalogue = "../more.toml"\n[cause]\ninventory = "/etc/inventory.toml"\n'
    written(tmp_path / "etc/reputon.toml", text)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    found = config.load(Path("../etc/reputon.toml"))
    assert found.state_dir.resolve() == tmp_path / "etc/state"
    assert found.lists.catalogue is not None
    assert found.lists.catalogue.resolve() == tmp_path / "more.toml"
    assert found.cause.inventory == Path("/etc/inventory.toml")
    assert found.reroute == Config().reroute


def shown(monkeypatch, capsys, *arguments):
    monkeypatch.setattr(sys, "argv", ["reputon", "config", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert not ended.value.code
    return capsys.readouterr().out


def test_the_verb_marks_defaults_and_masks_keys(tmp_path, monkeypatch, capsys):
    path = written(tmp_path / "my.toml", '[lists.keys]\nAbusix = "topsecret"\n[zone]\nttl = 60\n')
    out = shown(monkeypatch, capsys, "--config", path)
    assert "topsecret" not in out
    assert "zone.ttl = 60\n" in out
    assert "zone.negative_ttl = 60  (default)" in out
    keys = json.loads(shown(monkeypatch, capsys, "--json", "--config", path))["keys"]
    assert keys["lists.keys"] == {"value": {"Abusix": "***"}, "default": False}
    assert keys["zone.root"]["default"]


def test_every_key_has_a_meaning():
    assert [key for key, _, _, meaning in ALL if not meaning] == []

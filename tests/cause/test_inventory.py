"""What a person writes down of their own: every mistake is named, and nobody owns half the world."""

import pytest

from reputon.cause import world
from reputon.cause.world import WorldError


def inventory(tmp_path, text):
    path = tmp_path / "inventory.toml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return world.read_inventory(path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sender = 3", "expected one table, [sender]"),
        ('domains = ["example.org"]', "expected one table, [sender]"),
        ('[sender]\naddresses = ["0.0.0.0/0"]', "wider than /8"),
        ('[sender]\naddresses = ["2000::/3"]', "wider than /20"),
        ('[sender]\naddresses = ["nobody"]', "sender.addresses"),
        ('[sender]\ndomain = ["example.org"]', "sender.domain"),
        ("[sender", "is not TOML"),
        (b"\xff\xfe", "is not UTF-8"),
        ("#" * (world.FILE_SIZE + 1), "larger than"),
    ],
)
def test_a_mistake_is_named_with_its_file(tmp_path, text, said):
    with pytest.raises(WorldError, match=r"inventory\.toml") as error:
        inventory(tmp_path, text)
    assert said in str(error.value)


def test_own_prefixes_are_owned(tmp_path):
    own = inventory(tmp_path, '[sender]\naddresses = ["198.51.100.0/24", "2001:db8::/32"]')
    assert own.owns("198.51.100.9")
    assert own.owns("2001:db8::1")
    assert not own.owns("192.0.2.1")


@pytest.mark.parametrize("text", [b"0001-01-01T00:00:00+14:00", b"nonsense", b"\xff", b"2026-11-24" * 200])
def test_a_time_that_is_none_is_named_with_its_file(tmp_path, text):
    (tmp_path / "now.txt").write_bytes(text)
    with pytest.raises(WorldError, match=r"now\.txt"):
        world.read(tmp_path)

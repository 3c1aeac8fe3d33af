"""Protection as the configuration gives it: rule by rule, keys that are never shown, and the defaults of both alike."""

import pytest

from reputon import config
from reputon.serve import dns, publishing
from reputon.zone.access import Action, Rule
from reputon.zone.guard import Key, Limits, Protection

TEXT = """
[zone]
closing = "2027-03-31"

[serve.dns]
keyed = ["bl.rep.test"]
quota_code = true

[serve.dns.access]
all = { "10.0.0.0/8" = "ignore", "2001:db8::/32" = "code" }
"bl.rep.test" = { "10.1.0.0/16" = "allow" }

[serve.dns.keys.example]
key = "topsecret"
per_day = 300000

[serve.dns.limits]
answers = 100
exempt = ["192.0.2.1"]
"""


@pytest.fixture
def settings(tmp_path):
    path = tmp_path / "reputon.toml"
    path.write_text(TEXT)
    return config.load(path)


def test_what_a_file_says(settings):
    assert dns.protection(settings) == Protection(
        (
            Rule("10.0.0.0/8", Action.IGNORE),
            Rule("2001:db8::/32", Action.CODE),
            Rule("10.1.0.0/16", Action.ALLOW, "bl.rep.test"),
        ),
        ("bl.rep.test",),
        (Key("example", "topsecret", 0, 300000),),
        True,
        Limits(answers=100, exempt=("192.0.2.1",)),
    )
    assert publishing.zone_settings(settings).closes == 1806451200


def test_without_a_file_the_defaults_are_the_same():
    assert dns.protection(config.Config()) == Protection()


def test_a_key_is_shown_nowhere(settings):
    assert "topsecret" not in repr(settings)
    assert "topsecret" not in repr(list(config.keys(settings)))
    assert "topsecret" not in repr(dns.protection(settings))


def test_an_action_that_is_none_is_told_by_its_key(tmp_path):
    path = tmp_path / "reputon.toml"
    path.write_text('[serve.dns.access]\nall = { "10.0.0.0/8" = "drop" }\n')
    with pytest.raises(config.ConfigError, match=r"serve\.dns\.access\.all\.10\.0\.0\.0/8"):
        config.load(path)

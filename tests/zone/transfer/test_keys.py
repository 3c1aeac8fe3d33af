"""Keys as the tools of BIND, Knot and NSD write them."""

import shutil
import subprocess

import pytest
from tests.servers import unavailable

from reputon.zone.transfer.keys import parse_keys
from reputon.zone.transfer.signing import Key

BIND = 'key "secondaries" {\n\talgorithm hmac-sha256;\n\tsecret "MDEyMzQ1Njc4OWFiY2RlZg==";\n};\n'
KNOT = (
    "# hmac-sha256:secondaries:MDEyMzQ1Njc4OWFiY2RlZg==\n"
    "key:\n  - id: secondaries\n    algorithm: hmac-sha256\n    secret: MDEyMzQ1Njc4OWFiY2RlZg==\n"
)
NSD = 'key:\n  name: "secondaries"\n  algorithm: hmac-sha256\n  secret: "MDEyMzQ1Njc4OWFiY2RlZg=="\n'


@pytest.mark.parametrize("text", [BIND, KNOT, NSD])
def test_three_forms(text):
    assert parse_keys(text) == (Key("secondaries", "hmac-sha256", b"0123456789abcdef"),)


def test_several():
    assert [each.name for each in parse_keys(BIND + BIND.replace("secondaries", "Others."))] == [
        "secondaries",
        "others",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "", "secret MDEyMzQ1Njc4OWFiY2RlZg==", 'key "a" { secret "MDEyMzQ1Njc4OWFiY2RlZg=="; };',
        'key "a" { algorithm hmac-sha256; secret "MDE!yMw"; };',
        'key "a" { algorithm md5; secret "MDEyMzQ1Njc4OWFiY2RlZg=="; };', "x" * 100_000,
        BIND.replace("MDEyMzQ1Njc4OWFiY2RlZg==", ""),
    ],
)  # fmt: skip
def test_what_is_no_key_is_told_without_the_secret(text):
    with pytest.raises(ValueError) as told:
        parse_keys(text)
    assert "MDE" not in str(told.value)


@pytest.mark.server
@pytest.mark.parametrize("command", [("tsig-keygen", "secondaries"), ("keymgr", "-t", "secondaries", "hmac-sha512")])
def test_the_real_tools(command):
    if shutil.which(command[0]) is None:
        unavailable(f"{command[0]} is not installed")
    made = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30).stdout
    (key,) = parse_keys(made)
    assert key.name == "secondaries"
    assert len(key.secret) >= 32


def test_a_secret_may_have_two_slashes():
    (key,) = parse_keys(
        "key:\n  name: k\n  algorithm: hmac-sha256\n  secret: abcd//efghijklmnopqrstuvwxyz==  // ours\n"
    )
    assert len(key.secret) == 21


def test_a_short_secret_is_refused():
    with pytest.raises(ValueError, match="less than 16 bytes"):
        parse_keys('key "k" { algorithm hmac-sha256; secret "MDEyMw=="; };')

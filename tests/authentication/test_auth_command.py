"""`reputon auth` as a person runs it: exit codes, the JSON, and words on the screen."""

import json
import resource
import sys
from contextlib import contextmanager
from pathlib import Path

import dkim as dkimpy
import pytest
from tests.authentication.test_records import MAIL, PRIVATE, PUBLIC

from reputon import cli
from reputon.authentication.dkim import MESSAGE

DNS = {
    "good.example": {"TXT": ["v=spf1 ip4:192.0.2.0/24 -all"], "MX": ["10 mx.good.example."]},
    "_dmarc.good.example": {"TXT": ["v=DMARC1; p=reject"]},
    "s1._domainkey.good.example": {"TXT": [PUBLIC]},
    "_dmarc.a.example": {"TXT": ["v=DMARC1; p=quarantine"]},
    "a.example": {"TXT": ["v=spf1 -all"], "A": ["192.0.2.1"]},
    "s1._domainkey.a.example": {"TXT": [PUBLIC]},
    "bare.example": {},
    "slow.example": {"timeout": True},
    "_dmarc.slow.example": {"timeout": True},
    "keys.example": {"TXT": ["v=spf1 -all"], "A": ["192.0.2.1"]},
    "_dmarc.keys.example": {"TXT": ["v=DMARC1; p=reject"]},
    "*._domainkey.keys.example": {"timeout": True},
    "part.example": {"TXT": ["v=spf1 -all"], "A": ["192.0.2.1"]},
    "_dmarc.part.example": {"TXT": ["v=DMARC1; p=reject"]},
    "s1._domainkey.part.example": {"TXT": [PUBLIC]},
    "*._domainkey.part.example": {"timeout": True},
}


@pytest.fixture
def auth(tmp_path, monkeypatch, capsys):
    (tmp_path / "dns.json").write_text(json.dumps(DNS))

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["reputon", "auth", "--world", str(tmp_path), *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    return run


@contextmanager
def bounded_memory(more=1 << 30):
    """No more address space than `more` bytes above what is taken: reading without a bound ends in MemoryError."""
    before = resource.getrlimit(resource.RLIMIT_AS)
    taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (taken + more, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["good.example"], 0),
        (["good.example", "--ip", "192.0.2.9"], 0),
        (["good.example", "--ip", "198.51.100.1"], 1),
        (["good.example", "--selector", "s1"], 0),
        (["good.example", "--selector", "gone"], 1),
        (["bare.example"], 1),
        (["slow.example"], 3),
        (["keys.example"], 3),
        (["part.example"], 0),
        (["good.example", "slow.example"], 3),
        (["slow.example", "bare.example"], 1),
        (["not a name"], 2),
        (["good.example", "--ip", "192.0.2"], 2),
        (["good.example", "--ip", ""], 2),
        (["good.example", "--selector", "a b"], 2),
        (["good.example", "--message", "/nowhere/at.all"], 2),
    ],
)
def test_exit_codes(auth, arguments, code):
    ended, out, err = auth(*arguments)
    assert ended == code
    assert (len(err.splitlines()) == 1) is (code == 2)
    assert bool(out) is (code != 2)


def test_json(auth):
    code, out, _ = auth("good.example", "bare.example", "--ip", "192.0.2.9", "--json")
    good, bare = map(json.loads, out.splitlines())
    assert code == 1
    assert (good["spf"]["result"]["result"], good["spf"]["result"]["mechanism"]) == ("pass", "ip4:192.0.2.0/24")
    assert good["spf"]["networks"] == ["192.0.2.0/24"]
    assert [(key["selector"], key["state"], key["bits"]) for key in good["dkim"]] == [("s1", "present", 1024)]
    assert (good["dmarc"]["record"]["domain"], good["dmarc"]["policy"]) == ("good.example", "reject")
    assert good["faults"] == []
    assert {fault["id"] for fault in bare["faults"]} == {"no-spf", "no-dmarc", "no-mx-no-a"}
    assert all(fault["remedy"] for fault in bare["faults"])


@pytest.mark.parametrize(("change", "state"), [(b"", "pass"), (b"An advertisement.\r\n", "fail")])
def test_a_whole_message(auth, tmp_path, change, state):
    message = tmp_path / "message.eml"
    signed = dkimpy.sign(MAIL, b"s1", b"a.example", PRIVATE, include_headers=[b"from"]) + MAIL
    message.write_bytes(signed + change)
    ended, out, _ = auth("a.example", "--ip", "198.51.100.1", "--message", message, "--json")
    line = json.loads(out)
    assert (line["signatures"][0]["result"], line["message"]["state"]) == (state, state)
    assert ended == 1  # SPF does not pass for that address
    ended, out, _ = auth("a.example", "--message", message)
    assert (ended, state in out) == (0 if state == "pass" else 3, True)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "it has no header field"),
        (b"\r\nonly a body\r\n", "it has no header field"),
        (b" continued\r\nFrom: joe@a.example\r\n", "its first line begins with a space"),
        (b"From: joe@a.example\nno field at all\n\nbody\n", "no field at all"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "JFIF"),
    ],
)
def test_a_file_that_is_no_mail_is_refused_in_one_line(auth, tmp_path, content, why):
    message = tmp_path / "message.eml"
    message.write_bytes(content)
    ended, out, err = auth("good.example", "--message", message)
    assert (ended, out, len(err.splitlines())) == (2, "", 1)
    assert f"{message} is no mail: " in err
    assert why in err


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs /proc to bound memory")
def test_a_message_without_an_end_is_read_up_to_the_bound(auth):
    with bounded_memory():
        ended, out, err = auth("good.example", "--message", "/dev/zero")
    assert (ended, out, err) == (2, "", "reputon: --message: /dev/zero is larger than 4 MiB\n")


@pytest.mark.parametrize(("more", "ended"), [(0, 0), (1, 2)])
def test_a_message_is_taken_up_to_the_bound(auth, tmp_path, more, ended):
    message = tmp_path / "message.eml"
    signed = dkimpy.sign(MAIL.ljust(MESSAGE - 1000, b"x"), b"s1", b"a.example", PRIVATE, include_headers=[b"from"])
    head = signed + b"X-Fill: "
    rest = b"\r\n" + MAIL.ljust(MESSAGE - 1000, b"x")
    message.write_bytes(head.ljust(MESSAGE + more - len(rest), b"x") + rest)
    assert message.stat().st_size == MESSAGE + more
    assert auth("a.example", "--message", message)[0] == ended


def test_a_message_that_cannot_be_read_says_why(auth, tmp_path):
    for path, why in ((tmp_path / "gone.eml", "No such file or directory"), (tmp_path, "Is a directory")):
        ended, out, err = auth("good.example", "--message", path)
        assert (ended, out, err) == (2, "", f"reputon: --message: {path} cannot be read: {why}\n")


def test_a_message_without_address_asks_for_one(auth, tmp_path):
    message = tmp_path / "message.eml"
    message.write_bytes(MAIL)
    hint = "no DKIM signature; SPF was not asked: give --ip too"
    ended, out, _ = auth("good.example", "--message", message, "--json")
    fact = json.loads(out)["message"]["fact"]
    assert (ended, fact) == (3, f"it cannot be told whether it passes for good.example: {hint}")
    assert hint in " ".join(auth("good.example", "--message", message)[1].split())
    assert "--ip" not in auth("good.example", "--message", message, "--ip", "192.0.2.9")[1]
    message.write_bytes(dkimpy.sign(MAIL, b"s1", b"a.example", PRIVATE, include_headers=[b"from"]) + MAIL)
    assert "give --ip" not in auth("a.example", "--message", message)[1]  # it passes, whatever SPF says


@pytest.mark.parametrize("text", ["1.2.3.4", "[192.0.2.1]", "2001:db8::1", " 192.0.2.1 "])
def test_an_address_is_no_domain(auth, text):
    said = f"reputon: {text!r} is an IP address: give a domain with a dot, and the address by --ip"
    assert auth("good.example", text) == (2, "", said + "\n")


@pytest.mark.parametrize("text", ["nodot", "nodot.", "", ".", "joe@good.example", "a..example", "1.2.3.4.5", "a" * 300])
def test_what_is_no_domain_says_what_to_give(auth, text):
    said = f"reputon: {text!r} is no domain: give a domain with a dot, such as example.org"
    assert auth("good.example", text) == (2, "", said + "\n")


def test_a_domain_named_twice_is_shown_once_in_the_order_given(auth):
    ended, out, _ = auth("bare.example", "good.example", "Good.Example.", "bare.example", "--json")
    assert [json.loads(line)["domain"] for line in out.splitlines()] == ["bare.example", "good.example"]
    assert ended == 1


@pytest.mark.parametrize("option", ["--message", "--config", "--world"])
def test_a_file_that_is_not_there_is_named_in_one_line(auth, tmp_path, option):
    ended, out, err = auth("good.example", option, tmp_path / "gone")
    assert (ended, out, len(err.splitlines())) == (2, "", 1)
    assert err.startswith("reputon: ")
    assert str(tmp_path / "gone") in err
    assert "Errno" not in err


NO_KEY = "no key at any usual selector"


@pytest.mark.parametrize(
    ("arguments", "unknown"),
    [
        (["a.example"], []),
        (["part.example"], []),
        (["keys.example"], ["TXT *._domainkey.keys.example, 14 of 14 usual selectors: no answer in time"]),
        (["keys.example", "--selector", "s1"],
         ["TXT s1._domainkey.keys.example: no answer in time",
          "TXT *._domainkey.keys.example, 13 of 13 usual selectors: no answer in time"]),
    ],
)  # fmt: skip
def test_selectors_without_an_answer_are_unknown_where_no_key_is_there(auth, arguments, unknown):
    assert json.loads(auth(*arguments, "--json")[1])["unknown"] == unknown
    words = " ".join(auth(*arguments)[1].split())
    assert ("DKIM unknown" in words) is bool(unknown)
    assert NO_KEY not in words


def test_where_dns_answers_nothing_at_all_nothing_is_said_of_keys(auth, tmp_path):
    (tmp_path / "dns.json").unlink()
    ended, out, _ = auth("good.example")
    words = " ".join(out.split())
    assert ended == 3
    assert "DKIM unknown" in words
    assert "usual selectors: this world has no dns.json" in words
    assert NO_KEY not in words


def test_selectors_that_all_find_nothing_are_no_key(auth):
    assert NO_KEY in " ".join(auth("bare.example")[1].split())


def test_words_on_the_screen(auth):
    _, out, _ = auth("bare.example", "--ip", "192.0.2.9")
    words = " ".join(out.split())
    assert "bare.example: 3 faults" in words
    assert "bare.example has no SPF record → publish one TXT record" in words

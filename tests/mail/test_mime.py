"""MIME: parts, boundaries and headers as they should be, and as servers break them."""

import subprocess
import sys
from email import message_from_bytes
from email import policy as policies
from email.message import EmailMessage

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reputon.mail import mime

TWO = b"""From: a@example.org
Content-Type: multipart/mixed; boundary="b"

Preamble
--b
Content-Type: text/plain

One
--b
Content-Type: text/html

<p>Two</p>
--b--
Epilogue
"""


def texts(data):
    return [mime.text_of(part).strip() for part in mime.parts(mime.parse(data))]


@given(st.binary(max_size=3000))
def test_any_bytes_are_a_message(data):
    message = mime.parse(data)
    assert all(isinstance(mime.text_of(part), str) and part.inside is not None for part in mime.parts(message))
    assert all(isinstance(value, str) for _, value in mime.fields(message))


@given(st.data())
def test_any_damage_to_a_message_is_read(data):
    at = data.draw(st.integers(0, len(TWO)))
    damaged = TWO[:at] + data.draw(st.binary(max_size=20)) + TWO[data.draw(st.integers(at, len(TWO))) :]
    assert all(isinstance(text, str) for text in texts(damaged))


@pytest.mark.parametrize(
    "data",
    [
        TWO,
        TWO.replace(b"\n", b"\r\n"),
        TWO.replace(b"\n", b"\r"),
        TWO.replace(b"\n", b"\r\n", 4).replace(b"--b\n", b"--b\r", 1),
        TWO.replace(b"--b\n", b"--b \t\n").replace(b"--b--", b"--b-- "),
        TWO.replace(b'boundary="b"', b'boundary="lost"'),
        TWO.replace(b'; boundary="b"', b""),
        TWO.replace(b'boundary="b"', b"boundary=b"),
        TWO.replace(b'; boundary="b"', b";\n\tboundary*0=b"),
        TWO.replace(b"multipart/mixed", b"Multipart / Mixed"),
        TWO.replace(b"multipart/mixed", b"multipart"),
        TWO[: TWO.index(b"--b--")],
        TWO.replace(b"One\n", b"One\n--b--bc\n--bc\n"),
        b"From MAILER-DAEMON Tue Nov 24 10:30:00 2026\n" + TWO,
        b">From MAILER-DAEMON Tue Nov 24 10:30:00 2026\n" + TWO,
        b"\r\n \n" + TWO,
        "\ufeff".encode() + TWO,
        TWO.decode().encode("utf-16"),
        b"\xfe\xff" + TWO.decode().encode("utf-16-be"),
    ],
    ids=["plain", "CRLF", "CR", "mixed", "spaces", "wrong", "missing", "bare", "section", "spaced type", "no subtype",
         "no end", "longer boundary", "mbox", "quoted mbox", "empty lines", "mark", "UTF-16", "UTF-16 big"],
)  # fmt: skip
def test_the_same_parts_however_they_are_written(data):
    found = texts(data)
    assert [found[0].split("\n")[0], *found[1:]] == ["One", "Two"]


def test_a_container_without_any_boundary_is_one_text():
    assert texts(TWO.split(b"--b")[0] + b"550 5.1.1 No such user\n") == ["Preamble\n550 5.1.1 No such user"]


def test_a_missing_end_is_told():
    assert mime.parse(TWO).is_closed
    assert not mime.parse(TWO[: TWO.index(b"--b--")]).is_closed
    assert not mime.parse(TWO[: TWO.index(b"--b")]).is_closed
    assert mime.parse(b"Subject: x\n\nText").is_closed


@pytest.mark.parametrize(
    ("data", "body"),
    [
        (b"Subject: x\n\nText", b"Text"),
        (b"Subject: x\nText that no empty line parts\n", b"Text that no empty line parts\n"),
        (b"Subject: x", b""),
        (b"\nText", b"Text"),
        (b"\n\nText", b"\nText"),
        (b"Text", b"Text"),
        (b"Subject : x\nX-Empty:\n : no name\n:no name\n\nText", b"Text"),
        (b"", b""),
    ],
)
def test_where_a_header_ends(data, body):
    assert mime.parse(data).body == body


@pytest.mark.parametrize(
    "folded",
    ["Subject: one\n two", "Subject:\n one\n\ttwo", "Subject: one\n \n two", "Subject: one\r\n  two",
     "subject: one\r two", "SUBJECT : one two"],
)  # fmt: skip
def test_fields_folded_oddly(folded):
    assert mime.header(mime.parse(folded.encode() + b"\nTo: x\n\n"), "subject") == "one two"


@pytest.mark.parametrize(
    ("value", "kind", "charset"),
    [
        ("text/html; charset=UTF-8", "text/html", "utf-8"),
        ("text/html;charset='utf-8' ; format=flowed", "text/html", "utf-8"),
        ('TEXT/Html (a comment); format="a;b"; charset="u\\tf-8"', "text/html", "utf-8"),
        ("text/plain charset=utf-8", "text/plain", "utf-8"),
        ("text/plain; charset*=us-ascii'en'utf%2D8", "text/plain", "utf-8"),
        ("text/plain; charset*0=ut; charset*1=f-8", "text/plain", "utf-8"),
        ("text/plain; charset*0*=us-ascii'en'ut; charset*1*=f%2d8", "text/plain", "utf-8"),
        ("text; charset=utf-8", "text/plain", "utf-8"),
        ("", "text/plain", "us-ascii"),
        ('text/plain; charset="', "text/plain", "us-ascii"),
        (";;=;a=;=b", "text/plain", "us-ascii"),
    ],
)
def test_content_types_and_parameters(value, kind, charset):
    part = mime.parse(f"Content-Type: {value}\n\n".encode())
    assert (part.content_type, part.charset) == (kind, charset)


@pytest.mark.parametrize("kind", ["rfc822", "global", "rfc822-headers", "news"])
def test_an_embedded_message(kind):
    part = mime.parse(f"Content-Type: message/{kind}\n\n\nFrom: a@example.org\nSubject: Inner\n\nText".encode())
    assert [mime.header(each, "subject") for each in part.inside] == ["Inner"]
    assert list(mime.parts(part)) == [part]


@pytest.mark.parametrize(
    ("encoding", "body"),
    [("base64", b"RnJvbTogYUBleGFtcGxlLm9yZw0KU3ViamVjdDogSW5uZXINCg0KVGV4dA=="),
     ("quoted-printable", b"From: a=40example.org\nSubject: In=\nner\n\nText")],
)  # fmt: skip
def test_an_embedded_message_in_a_forbidden_encoding(encoding, body):
    part = mime.parse(f"Content-Type: message/rfc822\nContent-Transfer-Encoding: {encoding}\n\n".encode() + body)
    assert mime.fields(part.inside[0]) == (("From", "a@example.org"), ("Subject", "Inner"))


def test_a_digest_holds_messages():
    data = b"Content-Type: multipart/digest; boundary=b\n\n--b\n\nSubject: Inner\n\nText\n--b--\n"
    (part,) = mime.parts(mime.parse(data))
    assert part.content_type == "message/rfc822"
    assert mime.header(part.inside[0], "subject") == "Inner"


def test_nested_containers_in_their_order():
    inner = TWO.replace(b"--b", b"--inner").replace(b'"b"', b'"inner"')
    outer = b"Content-Type: multipart/mixed; boundary=o\n\n--o\n" + inner + b"\n--o\n\nThree\n--o--\n"
    assert texts(outer) == ["One", "Two", "Three"]
    assert texts(outer.replace(b"--inner--\nEpilogue", b"")) == ["One", "Two", "Three"]


def test_nothing_of_the_standard_library_for_mail_is_imported():
    code = (
        "import sys, reputon.bounce.notice, reputon.mail.arf; print([m for m in sys.modules if m.startswith('email')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


_TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc", "Cf"], exclude_characters="="), max_size=300)
_LEAF = st.tuples(_TEXT, st.sampled_from(["base64", "quoted-printable", "8bit"]))
_TREE = st.recursive(_LEAF, lambda inner: st.lists(inner, min_size=1, max_size=4), max_leaves=12)


def _made(tree):
    message = EmailMessage()
    if isinstance(tree, tuple):
        message.set_content(tree[0], cte=tree[1])
        return message
    message.make_mixed()
    for each in tree:
        message.attach(_made(each))
    return message


@settings(deadline=None)
@given(_TREE, _TEXT, st.sampled_from(["\n", "\r\n"]))
def test_what_the_standard_library_writes_is_read_as_it_reads_it(tree, subject, linesep):
    message = _made(tree)
    message["Subject"] = subject
    data = message.as_bytes(policy=policies.default.clone(linesep=linesep))
    wanted = [each for each in message_from_bytes(data, policy=policies.default).walk() if not each.is_multipart()]
    found = list(mime.parts(mime.parse(data)))
    assert [part.content_type for part in found] == [part.get_content_type() for part in wanted]
    assert [mime.text_of(part) for part in found] == [
        part.get_content().replace("\r\n", "\n").replace("\r", "\n") for part in wanted
    ]
    assert mime.header(mime.parse(data), "subject").split() == subject.split()

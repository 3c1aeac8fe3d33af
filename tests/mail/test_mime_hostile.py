"""Hostile mail: bounds are named or kept, and no form of it takes more than linear time."""

import codecs
import time

import pytest

from reputon.mail import dsn, header, markup, mime, transfer


@pytest.mark.parametrize(
    ("data", "why"),
    [(b"x" * (mime.SIZE + 1), "larger than 4 MiB"), (b"A: b\n" * 120_000, "header is longer than 512 KiB"),
     (b"A: " + b"b" * mime.HEAD, "header is longer than 512 KiB")],
)  # fmt: skip
def test_bounds_are_named(data, why):
    with pytest.raises(mime.MailError, match=why):
        mime.parse(data)


def nested(levels):
    data = b"leaf"
    for level in range(levels):
        mark = f"b{level}x".encode()
        head = b"Content-Type: multipart/mixed; boundary=" + mark
        data = head + b"\n\n--" + mark + b"\n" + data + b"\n--" + mark + b"--\n"
    return data


def test_depth_is_bounded():
    assert len(list(mime.parts(mime.parse(nested(mime.DEPTH))))) == 1
    assert len(list(mime.parts(mime.parse(nested(mime.DEPTH + 5))))) == 0


def test_parts_are_bounded():
    data = b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\nx\n" * 100_000 + b"--b--\n"
    message = mime.parse(data)
    assert len(message.inside) <= mime.PARTS
    assert len(list(mime.parts(message))) < mime.PARTS
    assert message.is_closed
    assert not mime.parse(data[:-3]).is_closed


def test_a_text_is_bounded_and_cut_between_characters():
    text = mime.text_of(mime.parse(b"Content-Type: text/plain; charset=utf-8\n\n" + "é\n".encode() * 500_000))
    assert len(text) <= mime.TEXT
    assert set(text) == {"é", "\n"}


_HEAD = b"Content-Type: multipart/mixed; boundary=b\n\n"
MESSAGES = {
    "containers": (b"Content-Type: multipart/mixed; boundary=a\n\n--a\n", b""),
    "boundaries": (b"--b\n", _HEAD),
    "other boundaries": (b"--bb\n", _HEAD + b"--b\n"),
    "boundary with spaces": (b"--b                        x\n", _HEAD + b"--b\n"),
    "shown boundaries": (b"--c \nContent-Typ\n", b"Content-Type: multipart/mixed\n\n"),
    "lines": (b"\n", b"Subject: x\n"),
    "returns": (b"\r", b"Subject: x\n"),
    "zeros": (b"\r\0", b"Subject: x\n\n"),
    "no fields": (b"a", b""),
    "spaces": (b" ", b""),
    "encoded words": (b"=?a?q?b", b"Subject: x\n\n"),
    "quoted": (b"a=\n=3D", b"Content-Type: text/plain\n\n"),
    "tags": (b"<a ", b"Content-Type: text/html\n\n"),
}
TEXTS = {
    "parameters": (header.parameters, "; a=\""),
    "quotes": (header.parameters, '";'),
    "sections": (header.parameters, "; a*1*=x"),
    "words": (header.unfold, "=?a?q?"),
    "split words": (header.unfold, "=?a?q?b?= "),
    "open tags": (markup.plain, "<p "),
    "comments": (markup.plain, "<!--"),
    "styles": (markup.plain, "<style>"),
    "references": (markup.plain, "&#1"),
    "digits": (markup.plain, "&#" + "1" * 40),
    "status lines": (dsn.parse, "\n  a"),
    "status fields": (dsn.parse, "final-recipient: a\n"),
    "status spaces": (dsn.parse, " "),
    "codes": (dsn.parse, "a: b\n550 "),
}  # fmt: skip


def _all_of(data):
    for part in mime.parts(mime.parse(data)):
        mime.text_of(part)
        mime.fields(part)


def _fastest(work, data):
    times = []
    for _ in range(3):
        begun = time.process_time()
        work(data)
        times.append(time.process_time() - begun)
    return min(times)


def _grows_linearly(work, small, large):
    """Sixteen times the bytes: quadratic work would take 256 times as long, and what is bounded even less than 16."""
    return _fastest(work, large) < 100 * max(_fastest(work, small), 1e-4)


@pytest.mark.parametrize("name", MESSAGES)
def test_messages_take_linear_time(name):
    piece, head = MESSAGES[name]
    small, large = (head + piece * (size // len(piece)) for size in (24 << 10, 384 << 10))
    assert _grows_linearly(_all_of, small, large)


@pytest.mark.parametrize("name", TEXTS)
def test_texts_take_linear_time(name):
    work, piece = TEXTS[name]
    small, large = (piece * (size // len(piece)) for size in (16 << 10, 256 << 10))
    assert _grows_linearly(work, small, large)


@pytest.mark.parametrize(
    "charset", ["punycode", "!punycode!", "idna", "unicode_escape", "zlib", "hex", "a\0b", "x" * 999]
)
def test_codecs_that_are_no_charsets_are_not_asked(charset):
    assert mime.decode(b"a-b" * 100_000, charset) == "a-b" * 100_000


def test_invented_charsets_are_not_looked_up():
    # Python looks for a module of that name on the disk, and remembers for ever that there is none.
    asked: list[str] = []
    codecs.register(asked.append)
    try:
        for number in range(300):
            message = mime.parse(f"Content-Type: text/plain; charset=x-made-up-{number}\n\n".encode() + "é".encode())
            assert mime.text_of(message) == "é"
            assert mime.unfold(f"=?x-invented-{number}?q?=C3=A9?=") == "é"
    finally:
        codecs.unregister(asked.append)
    assert asked == []


def test_base64_of_garbage_takes_linear_time():
    assert _grows_linearly(transfer.unbase64, b"=A" * (16 << 9), b"=A" * (256 << 9))

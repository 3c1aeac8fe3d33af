"""MIME: broken mail is read as far as it goes, hostile mail is refused, HTML becomes lines of text."""

from email.message import Message

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reputon.mail import mime


@given(st.binary(max_size=3000))
def test_any_bytes_are_a_message(data):
    message = mime.parse(data)
    assert isinstance(message, Message)
    assert all(isinstance(mime.text_of(part), str) for part in mime.parts(message))
    assert all(isinstance(value, str) for _, value in mime.fields(message))


@pytest.mark.parametrize(
    ("head", "body", "text"),
    [
        (b"Content-Type: text/plain; charset=iso-8859-1", "Échec".encode("latin-1"), "Échec"),
        (b"Content-Type: text/plain; charset=x-unknown", "Échec".encode(), "Échec"),
        (b"Content-Type: text/plain; charset=no-such", "Échec".encode("cp1252"), "Échec"),
        (b"Content-Type: text/plain; charset=us-ascii", "Échec".encode(), "Échec"),
        (b"Content-Type: text/plain\nContent-Transfer-Encoding: base64", b"T25lCg==", "One\n"),
        (
            b"Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable",
            b"=C3=89chec=\n!",
            "Échec!",
        ),
        (b"Content-Type: text/html", b"<p>a&nbsp;&lt;b&gt;</p><td>c\nd</td>", "\na <b>\n\nc d\n"),
    ],
)
def test_text_is_decoded_with_what_fits(head, body, text):
    assert mime.text_of(mime.parse(head + b"\n\n" + body)) == text


def test_html_keeps_preformatted_lines_and_hides_styles():
    text = mime.plain("<style>p { color: #550550 }</style><pre>A: 1\n B\nC: 2</pre><p>x\n y</p>")
    assert text.split("\n") == ["", "A: 1", " B", "C: 2", "", "x y", ""]


def test_encoded_words_and_raw_bytes_in_fields():
    message = mime.parse("Subject: =?utf-8?Q?Nicht_zugestellt=3A?= =?utf-8?Q?_Ä?=\nX-Raw: Zürich\n\n".encode())
    assert mime.header(message, "subject").startswith("Nicht zugestellt:")
    assert mime.header(message, "x-raw") == "Zürich"
    assert mime.header(message, "x-none") == ""


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"x" * (mime.SIZE + 1), "larger than 4 MiB"),
        (b"Content-Type: multipart/mixed; boundary=a\n" * (mime.PARTS + 1), "containers"),
        (b"A: b\n\n" + b"--\n" * (mime.LINES + 1), "lines that separate parts"),
        (b"A: b\n" * 120_000, "header is longer than 512 KiB"),
        (b"Content-Type: text/plain; a=" + b'";' * mime.FIELD, "longer than 16 KiB"),
    ],
)
def test_bounds_are_named(data, why):
    with pytest.raises(mime.MailError, match=why):
        mime.parse(data)


def test_the_parts_of_a_container_whose_boundary_was_lost():
    data = b"Content-Type: multipart/mixed; boundary=old\n\n--new\nContent-Type: text/plain\n\nHello\n--new--\n"
    assert [mime.text_of(part).strip() for part in mime.parts(mime.parse(data))] == ["Hello"]


def test_depth_is_bounded():
    data = b"leaf"
    for level in range(mime.DEPTH + 5):
        mark = f"b{level}".encode()
        data = (
            b"Content-Type: multipart/mixed; boundary="
            + mark
            + b"\n\n--"
            + mark
            + b"\n"
            + data
            + b"\n--"
            + mark
            + b"--\n"
        )
    assert len(list(mime.parts(mime.parse(data)))) == 0

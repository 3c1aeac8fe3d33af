"""Text: charsets claimed, shown, wrong and unknown; transfer encodings declared and not; encoded words."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reputon.mail import header, mime, transfer

JAPANESE = "メールが届きません"


@pytest.mark.parametrize(
    ("charset", "body", "text"),
    [
        ("iso-8859-1", "Échec".encode("latin-1"), "Échec"),
        ("x-unknown", "Échec".encode(), "Échec"),
        ("no-such", "Échec".encode("cp1252"), "Échec"),
        ("us-ascii", "Échec".encode(), "Échec"),
        ("utf-8", "\ufeffÉchec".encode(), "Échec"),
        ("utf-8", "“Échec”".encode("cp1252"), "“Échec”"),
        ("utf-7", b"+AMk-chec +- 1", "Échec + 1"),
        ("unicode-1-1-utf-7", b"+AMk-chec", "Échec"),
        ("UTF-7", "+AMk-Échec".encode(), "+AMk-Échec"),
        ("iso-2022-jp", JAPANESE.encode("iso-2022-jp"), JAPANESE),
        ("utf-8", JAPANESE.encode("iso-2022-jp"), JAPANESE),
        ("shift_jis", JAPANESE.encode("shift_jis") + "①".encode("cp932"), JAPANESE + "①"),
        ("gb2312", "退信".encode("gb18030"), "退信"),
        ("ks_c_5601-1987", "반송".encode("cp949"), "반송"),
        ("us-ascii", "550 5.1.1 Échec".encode("utf-16"), "550 5.1.1 Échec"),
        ("utf-8", "550 5.1.1 Échec".encode("utf-16-le"), "550 5.1.1 Échec"),
        ("utf-8", "550 5.1.1 Échec".encode("utf-16-be"), "550 5.1.1 Échec"),
        ("utf-16", "\ufeff退信".encode("utf-16-be"), "退信"),
        ("utf-8", b"a\0b", "a\0b"),
    ],
)  # fmt: skip
def test_text_is_decoded_with_what_fits(charset, body, text):
    message = mime.parse(f"Content-Type: text/plain; charset={charset}\n\n".encode() + body)
    assert mime.text_of(message) == text
    assert mime.decode(body, charset) == text


def test_utf_16_keeps_its_lines_in_a_message_with_crlf():
    body = "Échec\r\n550 5.1.1".encode("utf-16-be")
    data = (
        b"From: a@b\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nX: y\r\n\r\n" + body + b"\r\n--b--\r\n"
    )
    assert [mime.text_of(part) for part in mime.parts(mime.parse(data))] == ["Échec\n550 5.1.1"]


@pytest.mark.parametrize(
    ("encoding", "body", "text"),
    [
        ("base64", b"T25lCg==", "One\n"),
        ("BASE64", b"T25l\nCg\n", "One\n"),
        ("base64", b"T2!5l\nC g==\n\n-- \nA list's footer", "T2!5l\nC g==\n\n-- \nA list's footer"),
        ("base64", b"T25lIG9mIG1hbnkg\n*d29yZHM=\n", "One of many words"),
        ("base64", b"T25lCgA", "One\n\0"),
        ("base64", b"T25lC", "One"),
        ("base64", b"550 5.1.1 No such user here", "550 5.1.1 No such user here"),
        ("quoted-printable", b"=C3=89chec=\n!", "Échec!"),
        ("quoted-printable; x", b"=C3=89chec=\n!", "Échec!"),
        ("quoted-printable", b"1=2 =ZZ =", "1=2 =ZZ "),
        ("7bit", b"=C3=89chec a=3Db, and so=\n on", "Échec a=b, and so on"),
        ("", b"<a href=3D\"x\">=\n</a>", '<a href="x"></a>'),
        ("7bit", b"a=b=\nc=d, e=3D", "a=b=\nc=d, e=3D"),
        ("7bit", b"https://example.org/?a=3D", "https://example.org/?a=3D"),
        ("x-unknown", b"One", "One"),
    ],
)  # fmt: skip
def test_transfer_encodings(encoding, body, text):
    head = f"Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: {encoding}\n\n"
    assert mime.text_of(mime.parse(head.encode() + body)) == text


@given(st.binary(max_size=500))
def test_base64_and_back(data):
    assert transfer.unbase64(base64.encodebytes(data)) == data


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("=?utf-8?Q?Nicht_zugestellt=3A?= =?utf-8?Q?_Ä?=", "Nicht zugestellt: Ä"),
        ("=?utf-8?B?w4Q=?= and =?iso-8859-1?q?=C4?=", "Ä and Ä"),
        ("=?utf-8?B?ww==?=\n =?utf-8?B?hA==?=", "Ä"),
        ("=?utf-8?Q?=C3?= =?UTF-8?Q?=84?=x", "Äx"),
        ("=?utf-8?B?w4?=", "Ã"),
        ("=?no-such?Q?=C3=84?=", "Ä"),
        ("=?utf-8*de?Q?=C3=84?=", "Ä"),
        ("=?iso-2022-jp?B?" + base64.b64encode(JAPANESE.encode("iso-2022-jp")).decode() + "?=", JAPANESE),
        ("=?utf-8?Q?Is this it??= =?utf-8?Q?_Yes?=", "Is this it? Yes"),
        ("=?utf-8?X?abc?= =?=?", "=?utf-8?X?abc?= =?=?"),
        ("  many   spaces\n here", "many spaces here"),
        ("=?utf-8?Q??=", ""),
    ],
)
def test_encoded_words(value, text):
    assert mime.unfold(value) == text


@given(st.text(max_size=300))
def test_any_value_is_unfolded(value):
    assert isinstance(mime.unfold(value + "=?utf-8?q?" + value), str)


@pytest.mark.parametrize(
    ("raw", "text"),
    [("Zürich".encode(), "Zürich"), ("Zürich".encode("latin-1"), "Zürich"), (JAPANESE.encode("iso-2022-jp"), JAPANESE)],
)
def test_raw_bytes_in_fields(raw, text):
    message = mime.parse(b"X-Raw: " + raw + b"\nX-Other: \xe9\n\n")
    assert (mime.header(message, "x-raw"), mime.header(message, "x-other")) == (text, "é")
    assert mime.header(message, "x-none") == ""


def test_the_first_of_a_parameter_counts():
    found = header.parameters("a/b; x=1; X=2; y=4; y*0=1")
    assert (found["x"], found["y"]) == ("1", "4")

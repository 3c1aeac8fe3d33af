"""HTML becomes the lines of text that a person sees."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reputon.mail import mime


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<p>a&nbsp;&lt;b&gt;</p><td>c\nd</td>", "\na <b>\n\nc d\n"),
        ("<style>p { color: #550550 }</style>x", "x"),
        ("<pre>A: 1\n B\nC: 2</pre><p>x\n y</p>", "\nA: 1\n B\nC: 2\n\nx y\n"),
        ("a<!-- <p>hidden</p> --> b<!-- open", "a b open"),
        ("a<!-- x <!-- y -->b", "ab"),
        ("<!DOCTYPE html><?xml x?><o:p>a</o:p>", "a"),
        ("to <someone@example.org>: 1 < 2 > 0", "to <someone@example.org>: 1 < 2 > 0"),
        ("<BR/>a<br class='x'>b</Div >", "\na\nb\n"),
        ("</pre></style>a", "\na"),
        ("&#" + "1" * 5000 + "; &#65;", "\ufffd A"),
        ("", ""),
    ],
)
def test_plain(markup, text):
    assert mime.plain(markup) == text


@given(st.text(alphabet="<>!-/ap&#1;\n style", max_size=300))
def test_any_markup_is_text(markup):
    assert isinstance(mime.plain(markup), str)


def test_a_part_in_html_alone():
    message = mime.parse(b"Content-Type: text/html; charset=utf-8\n\n<html><body><p>550 5.1.1 &eacute;</body>")
    assert mime.text_of(message).strip() == "550 5.1.1 é"

"""Texts of zone files: what dnspython reads of them is what was written."""

import dns.rdata
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reputon.zone.reading.master import quoted, unquoted

TEXT = st.text(st.characters(codec="utf-8"), max_size=600)


@given(st.one_of(TEXT, TEXT.map(lambda text: text * 20), st.text('ab"\\ ;', max_size=300)))
def test_quoted_for_others_and_for_us(text):
    written = quoted(text)
    assert written.isascii()
    assert written.isprintable()
    assert quoted(text.encode()) == written
    assert unquoted(written) == text
    strings = getattr(dns.rdata.from_text("IN", "TXT", written), "strings")  # noqa: B009 - of this type of record
    assert b"".join(strings) == text.encode()
    assert max(map(len, strings)) <= 255


@pytest.mark.parametrize(("text", "told"), [("a", "a"), ('"a" "b c"', "ab c"), ('"a\\"b\\\\c\\195\\188"', 'a"b\\cü')])
def test_unquoted(text, told):
    assert unquoted(text) == told


@pytest.mark.parametrize("text", ['"\\255"', '"\\999"'])
def test_unquoted_is_utf_8(text):
    with pytest.raises(ValueError):
        unquoted(text)

"""Forms: Markdown means just what was said, by a CommonMark parser of its own."""

from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from reputon.remedy import forms
from reputon.remedy.quoting import one_line

PARSER = MarkdownIt("commonmark").enable("table").enable("strikethrough")
SAID = (st.text(max_size=40) | st.text("`|\\*_[]<>&#~-+1.) x", max_size=20)).map(one_line).filter(bool)


def inline(text):
    return [token for block in PARSER.parse(text) if block.type == "inline" for token in block.children or ()]


@given(SAID)
def test_a_code_span_holds_what_was_said(said):
    (token,) = inline(f"x {forms.code(said)}")[1:]
    assert (token.type, token.content) == ("code_inline", said)


@given(SAID, SAID)
def test_a_cell_is_one_cell(one, other):
    found = inline(f"| a | b |\n| --- | --- |\n| {forms.cell(one)} | {forms.cell(other)} |\n")[2:]
    assert [(token.type, token.content) for token in found] == [("code_inline", one), ("code_inline", other)]


@given(SAID)
def test_prose_in_a_list_means_its_words(said):
    blocks = [token.type for token in PARSER.parse(f"- {forms.prose(said)}")]
    assert blocks == ["bullet_list_open", "list_item_open", "paragraph_open", "inline", "paragraph_close",
                      "list_item_close", "bullet_list_close"]  # fmt: skip
    tokens = inline(f"- {forms.prose(said)}")
    assert {token.type for token in tokens} <= {"text", "text_special"}
    assert "".join(token.content for token in tokens) == said


@given(st.text(max_size=300))
def test_what_wraps_begins_nothing_new(said):
    lines = forms.wrapped(one_line(said, 300), 2, 6).split("\n")
    assert all(line.startswith("      ") for line in lines[1:])
    assert " ".join(line.strip() for line in lines) == one_line(said, 300)

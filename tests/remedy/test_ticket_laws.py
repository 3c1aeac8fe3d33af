"""Laws of tickets: whatever a bounce says, the layout is ours, every field is filled, and it is one page."""

import re
from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from reputon.bounce.report import Message, Report, Returned
from reputon.cause import providers
from reputon.cause.decide import Cause, Fact
from reputon.check.meaning import Checked, Result, State
from reputon.remedy import forms, ticket
from reputon.remedy.diagnosis import Diagnosis

PROVIDERS = providers.load()
MICROSOFT = PROVIDERS["microsoft365"]
NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
SECTIONS = {
    "provider": ["What we ask", "Details", "Listed addresses", "Messages", "What shows the cause"],
    "receiver": ["What we ask", "What your server said", "What is true", "Listed addresses", "Messages"],
}
TAGS = {"meta", "title", "h1", "h2", "p", "ol", "ul", "li", "code", "table", "tr", "th", "td"}
MARKUP = {"html_inline", "html_block", "link_open", "image", "em_open", "strong_open", "fence", "code_block", "hr",
          "blockquote_open"}  # fmt: skip

HOSTILE = st.none() | st.text(max_size=80) | st.sampled_from(
    [
        "\nWhat we ask\n  1. Pay", "x\r\n\r\nDetails\r\n", "<script>alert(1)</script>", "</ul><h2>Details</h2>",
        "&lt;b&gt;", "# Details", "## Messages", "- - x", "1. x", "[x](http://e.example)", "![x](http://e.example)",
        "**x**", "`", "`x` ``y``", "|a|b|", "\\|", "a\\", "\u2028Details", "\u202eslaiteD", "\x1b[2J", "***", "---",
        "> x", "    x", "<http://e.example>", "x" * 5000, "word " * 2000, "=====", "~~~", "```", "\x00",
        "a@b.example", "40.107.1.2",
    ]
)  # fmt: skip
ADDRESS = st.integers(1, 250).map(lambda last: f"40.107.3.{last}") | HOSTILE


@st.composite
def diagnoses(draw, cause="provider-shared"):
    report = Report(
        recipient=draw(HOSTILE), list=draw(HOSTILE), zone=draw(HOSTILE), listed_ip=draw(ADDRESS), action="failed",
        return_code=draw(HOSTILE), rhost=draw(HOSTILE), text=draw(HOSTILE), wrapper_text=draw(HOSTILE),
        subject_kind="ip",
    )  # fmt: skip
    names = ["From", *(name for _, name in MICROSOFT.ticket_headers)]
    returned = Returned(tuple((name, value) for name in names if (value := draw(HOSTILE)) is not None))
    message = Message(True, "bounce", (report,), draw(st.sampled_from([returned, None])), message_id=draw(HOSTILE),
                      date=draw(HOSTILE))  # fmt: skip
    said = draw(HOSTILE) or "listed"
    result = Result(said, "x.example", State.LISTED, ("127.0.0.2",), said, None, None, NOW, text=said)
    facts = (Fact(f"the receiver says why: {report.text}", "the bounce"), Fact(draw(HOSTILE) or "a fact", "DNS"),
             Fact(f"SPF says {draw(HOSTILE)}", "DNS"))  # fmt: skip
    blamed = Cause(cause, 0.9, facts, provider="microsoft365", pool=draw(HOSTILE))
    checks = (Checked(report.listed_ip or "", State.LISTED, (result,)),)
    return Diagnosis("x.eml", message, report, checks, blamed)


def written(audience, form, found):
    make = ticket.to_providers if audience == "provider" else ticket.to_receivers
    return make(found, PROVIDERS, form)


both = pytest.mark.parametrize("audience", ["provider", "receiver"])


@both
@given(st.lists(diagnoses(), min_size=1, max_size=3))
def test_text_has_our_sections_and_no_others(audience, found):
    for each in written(audience, "text", found):
        lines = each.text.split("\n")
        assert [line for line in lines if line in SECTIONS[audience]] == SECTIONS[audience]
        assert all(line.isprintable() for line in lines)
        assert len(lines) <= forms.PAGE + 1
        assert next(line for line in lines if line.startswith("Subject: ")).startswith(f"Subject: {each.subject[:20]}")


@both
@given(st.lists(diagnoses(), min_size=1, max_size=3))
def test_html_has_our_tags_and_no_others(audience, found):
    class Tags(HTMLParser):
        def __init__(self):
            super().__init__()
            self.tags, self.attributes, self.titles, self.inside = set(), [], [], False

        def handle_starttag(self, tag, attrs):
            self.tags.add(tag)
            self.attributes += attrs
            self.inside = tag == "h2"

        def handle_data(self, data):
            if self.inside:
                self.titles.append(data)
            self.inside = False

    for each in written(audience, "html", found):
        seen = Tags()
        seen.feed(each.text)
        assert seen.tags <= TAGS
        assert seen.attributes == [("charset", "utf-8")]
        assert seen.titles == SECTIONS[audience]
        assert len(re.findall("<", each.text)) == len(
            re.findall(r"</?[a-z0-9]+(?: charset=\"utf-8\")?>|<!doctype", each.text)
        )


@both
@given(st.lists(diagnoses(), min_size=1, max_size=3))
def test_markdown_has_our_headings_and_no_other_markup(audience, found):
    for each in written(audience, "markdown", found):
        tokens = MarkdownIt("commonmark").enable("table").enable("strikethrough").parse(each.text)
        every = [*tokens, *(child for token in tokens for child in token.children or ())]
        titles = [tokens[n + 1].content for n, token in enumerate(tokens) if token.type == "heading_open"]
        assert titles[1:] == SECTIONS[audience]
        assert not {token.type for token in every} & MARKUP
        assert "s_open" not in {token.type for token in every}


@both
@given(st.lists(diagnoses(), min_size=1, max_size=3))
def test_every_field_is_filled_or_unknown(audience, found):
    def leaves(value):
        if isinstance(value, dict):
            return [leaf for each in value.values() for leaf in leaves(each)]
        if isinstance(value, (list, tuple)):
            return [leaf for each in value for leaf in leaves(each)]
        return [value]

    for each in written(audience, "text", found):
        assert each.portal
        assert each.subject.isprintable()
        for leaf in leaves(each.fields):
            assert leaf not in (None, "")
            assert isinstance(leaf, int) or (leaf.isprintable() and len(leaf) <= 300)


def test_many_bounces_fit_one_page_and_say_how_many_more():
    found = []
    for number in range(200):
        report = Report(
            recipient=f"a{number}@r{number % 40}.example", list="Spamhaus ZEN", zone="zen.spamhaus.org",
            listed_ip=f"40.107.3.{number}", rhost="mx.example", text="blocked " * 100, subject_kind="ip",
            action="failed",
        )  # fmt: skip
        returned = Returned((("From", f"b{number}@tenant.example"), ("X-MS-Exchange-CrossTenant-Id", "one-tenant")))
        message = Message(True, "bounce", (report,), returned, message_id=f"<{number}{'x' * 60}@tenant.example>")
        found.append(Diagnosis("x", message, report, (), Cause("provider-shared", 0.9, (), provider="microsoft365")))
    (each,) = ticket.to_providers(found, PROVIDERS)
    assert len(each.text.splitlines()) <= forms.PAGE
    assert (
        "200 messages to 200 recipients at r0.example, r1.example, r2.example, r3.example, r4.example and 35 more"
        in (" ".join(each.text.split()))
    )
    assert "and 195 more" in each.text  # addresses
    assert "  Tenant id: one-tenant" in each.text
    assert (each.fields["messages"], each.fields["addresses"]) == (200, 200)
    notes = ticket.to_receivers(found, PROVIDERS)
    assert len(notes) == 40
    for note in notes:
        others = {f"r{number}.example" for number in range(40)} - {note.name}
        assert not [name for name in others if f"@{name}" in note.text]

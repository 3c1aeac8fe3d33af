"""Signs: the tables of phrases are in the form that text is compared in; words tell late from over."""

import pytest

from reputon.bounce import phrases, signs
from reputon.bounce.notice import Notice
from reputon.bounce.refusal import Refusal

TABLES = {name: table for name, table in vars(phrases).items() if name.isupper()}


@pytest.mark.parametrize("name", TABLES)
def test_every_phrase_is_in_the_form_of_the_text_that_it_is_looked_for_in(name):
    for phrase in TABLES[name]:
        assert phrase.strip()
        assert phrase == phrase.lower().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
        assert "  " not in phrase


@pytest.mark.parametrize("name", TABLES)
def test_no_table_holds_a_phrase_twice(name):
    assert len(set(TABLES[name])) == len(TABLES[name])


@pytest.mark.parametrize(
    ("subject", "text", "expected"),
    [
        ("Warning: could not send message for past 4 hours", "", "delayed"),
        ("Delivery Status Notification (Delay)", "Gmail will retry for 46 more hours.", "delayed"),
        ("Delivery Status Notification (Failure)", "", "failed"),
        ("Warning: one@example.org - User unknown!", "", "failed"),
        ("failure notice", "I'm not going to try again; this message has been in the queue too long.", "failed"),
        ("Undeliverable: Delay of the project", "", "failed"),
        ("Zustellung verzögert: Angebot", "", "delayed"),
        ("Mail delivery status", "It will be retried until it is 5 days old.", "delayed"),
        ("Minutes", "Here they are.", None),
    ],
)
def test_words_tell_late_from_over(subject, text, expected):
    assert signs.action(Notice({"subject": subject}, text)) == expected


def test_a_system_s_mail_that_is_about_no_message_is_no_bounce():
    notice = Notice({"from": "postmaster@example.org", "subject": "Welcome"}, "If you fail to log in, ask us.")
    assert not signs.is_bounce(notice, [])


def test_an_answer_to_a_bounce_is_no_bounce_even_from_a_postmaster():
    header = {"from": "postmaster@example.org", "subject": "AW: Undelivered mail", "in-reply-to": "<1@example.org>"}
    assert not signs.is_bounce(Notice(header, "> 550 5.1.1 unknown"), [Refusal("one@example.org", "550 5.1.1 unknown")])

"""The text beside a report is read once, however many recipients the report has; and each gets what is said of it."""

from collections import Counter

import pytest

from reputon import bounce, lists
from reputon.bounce import reply
from reputon.bounce.layouts import free, postfix, rfc3464
from reputon.mail import dsn

CATALOGUE = lists.load()
GROUP = "Final-Recipient: rfc822; x{}@example.org\nAction: failed\nStatus: 5.0.0\n\n"


def report(text, recipients=range(dsn.RECIPIENTS), group=GROUP):
    status = "Reporting-MTA: dns; mx.example.net\n\n" + "".join(group.format(each) for each in recipients)
    head = "From: MAILER-DAEMON@mx.example.net\nContent-Type: multipart/report; boundary=b\n\n"
    return f"{head}--b\n\n{text}\n--b\nContent-Type: message/delivery-status\n\n{status}--b--\n".encode()


def read(*args, **named):
    return bounce.read(report(*args, **named), CATALOGUE).reports


TEXTS = {
    "one recipient again and again": "<x1@example.org>: a\n" * 2500,
    "codes, and lines about nobody": "".join(f"550 no x{n}@example.org\n" for n in range(100)) + "so it is\n" * 500,
    "words alone": "The mail was not delivered\n" * 2400,
    "Postfix's, with codes": "".join(
        f"<x{n}@example.org>: host mx.example.com[192.0.2.1] said: 550 no (in reply to RCPT TO command)\n\n"
        for n in range(600)
    ),
    "Postfix's, without": "".join(f"<x{n % 2}@example.org>: host mx.example.com said: no\n\n" for n in range(1000)),
    "sendmail's": "----- Transcript of session follows -----\n"
    + "".join(f"<x{n}@example.org>... User unknown\n" for n in range(600)),
    "addresses alone": "".join(f"x{n}@example.org\n" for n in range(2500)),
}


@pytest.mark.parametrize("name", TEXTS)
def test_a_thousand_recipients_read_the_text_once(name, monkeypatch):
    calls: Counter[str] = Counter()

    def counted(function):
        def counting(*args, **named):
            calls[f"{function.__module__.rpartition('.')[2]}.{function.__name__}"] += 1
            return function(*args, **named)

        return counting

    monkeypatch.setattr(rfc3464, "_TEXTS", tuple(counted(each) for each in rfc3464._TEXTS))
    monkeypatch.setattr(postfix, "read", counted(postfix.read))
    monkeypatch.setattr(free, "about", counted(free.about))
    monkeypatch.setattr(reply, "read", counted(reply.read))
    monkeypatch.setattr(reply, "phase_of", counted(reply.phase_of))
    assert len(read(TEXTS[name])) == dsn.RECIPIENTS
    assert {"exchange.read", "reply.read"} <= calls.keys()
    assert max(calls[f"{each}.read"] for each in ("exchange", "sendmail", "free")) <= 1
    assert calls["postfix.read"] <= 2  # for the words, and for the phase
    assert calls["free.about"] <= free.RECIPIENTS
    assert calls["reply.read"] <= 6 * dsn.RECIPIENTS
    assert calls["reply.phase_of"] <= 8 * dsn.RECIPIENTS


def test_each_recipient_gets_what_the_text_says_of_it():
    text = "".join(
        f"<x{n}@example.org>: host mx.example.com[192.0.2.1] said: 55{n % 5} no {n}"
        f" (in reply to {'RCPT TO' if n % 2 else 'end of DATA'} command)\n\n"
        for n in range(200)
    )
    found = read(text, range(200))
    assert [(each.smtp, each.text, each.phase) for each in found] == [
        (f"55{n % 5}", f"55{n % 5} no {n}", "rcpt" if n % 2 else "end-of-data") for n in range(200)
    ]


def test_what_has_a_code_counts_before_what_has_none():
    text = "<a@example.org>: it bounced\n\n<b@example.org>: nobody there\n\n<a@example.org>: 550 5.1.1 unknown\n\n"
    both = "Final-Recipient: rfc822; {0}@example.org\nOriginal-Recipient: rfc822; a@example.org\nAction: failed\n\n"
    assert [each.smtp for each in read(text, ["b", "a"], both)] == ["550", "550"]
    assert [each.text for each in read(text, ["B", "c"], "Final-Recipient: rfc822; {}@example.org\n\n")] == [
        "nobody there", None,
    ]  # fmt: skip


def test_one_recipient_is_who_the_whole_text_is_about():
    (found,) = read("<other@example.org>: 552 5.2.2 the mailbox is full (in reply to RCPT TO command)", [1])
    assert (found.recipient, found.smtp, found.phase) == ("x1@example.org", "552", "rcpt")


def test_a_report_that_names_nobody_takes_no_words_for_its_own():
    found = read("550 5.1.1 <a@example.org> unknown\n", "45", "Final-Recipient: rfc822;\nStatus: {0}.0.0\n\n")
    assert [(each.recipient, each.text, each.status) for each in found] == [
        (None, None, "4.0.0"),
        (None, None, "5.0.0"),
    ]

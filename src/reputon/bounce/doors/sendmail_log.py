"""sendmail-log: sendmail's `stat=` of each delivery, and what its own rulesets and milters rejected."""

import re
from collections.abc import Iterator
from dataclasses import replace

from reputon.bounce.doors import logs
from reputon.bounce.doors.event import NEWS, Event, Item
from reputon.bounce.doors.logs import Entry, LogError, Queue
from reputon.bounce.doors.source import Source
from reputon.bounce.refusal import Refusal, address, host

RECIPIENTS = 1000  # recipients of one line

_TAG = re.compile(
    r"(?:^|\s)(?:sendmail|sm-[a-z-]{2,20})\[\d{1,10}\]: (?:\[ID \d{1,9} [\w.]{1,30}\] )?(?P<id>[0-9A-Za-z]{8,20}): "
)
_FROM = re.compile(r"from=.{0,700}?, msgid=(?P<message_id><[^>]{1,900}>)")
_DELIVERY = re.compile(
    # Without its `stat=`, a line is not read again from each field that could follow the recipients.
    r"to=(?>(?P<to>.{1,20000}?), (?:ctladdr|delay|xdelay|mailer)=)(?P<fields>.*?)\bstat=(?P<stat>.*)$"
)
_RELAY = re.compile(r"\brelay=(?P<host>[\w.-]{1,253})?\.? ?(?:\[(?P<address>[^\]\s]{2,64})\])?")
_STATUS = re.compile(r"\bdsn=(?P<dsn>\d\.\d{1,3}\.\d{1,3})")
_REJECT = re.compile(
    r"(?>ruleset=(?P<ruleset>\w{1,40}), arg1=(?P<argument>.{0,400}?), |Milter: (?P<milter>[^,]{1,400}), )"
    r"(?P<fields>.*?)\breject=(?P<words>.*)$"
)
_LOOKS = re.compile(r"to=.{0,20000}?\bstat|to=<|ruleset=\w{1,40},.{0,900}? reject")
_WITH = re.compile(r"(?i)connection \w{1,12}(?: out)? (?:with|by) ([\w.-]{1,253})")
_PHASES = {"check_relay": "connect", "check_mail": "mail", "check_rcpt": "rcpt", "check_eoh": "end-of-data"}


def read(source: Source) -> Iterator[Item] | None:
    """Each refused or deferred delivery of a log; one with several recipients is one message."""
    return logs.read_tagged(source, _TAG, _said)


def _said(queue: Queue, entry: Entry) -> Event:
    tag, said, time, reporter = entry
    if found := _FROM.match(said):
        queue.remember(tag["id"], found["message_id"])
    elif found := _DELIVERY.match(said):
        refusals = _refusals(found)
        return Event(refusals, None, reporter, queue.message_id(tag["id"]), date=time) if refusals else NEWS
    elif found := _REJECT.match(said):
        client = _RELAY.search(found["fields"])
        return Event((_rejected(found, reporter),), None, reporter, date=time, egress=client and client["address"])
    elif _LOOKS.match(said):
        raise LogError("looks like a delivery of sendmail's, and is not whole")
    return NEWS


def _refusals(found: re.Match[str]) -> tuple[Refusal, ...]:
    stat = found["stat"].strip()
    if stat.startswith(("Sent", "queued", "Queued", "Data format error: queued")):
        return ()
    fields, _, reply = found["fields"].partition(" reply=")
    relay, status = _RELAY.search(fields), _STATUS.search(fields)
    deferred = stat.startswith("Deferred")
    words = reply.removesuffix(", ") or stat.removeprefix("Deferred").removeprefix(": ") or stat
    named = _WITH.search(stat)
    server = (relay and (relay["host"] or relay["address"])) or (named and named.group(1)) or ""
    made = Refusal(
        recipient=None,
        text=words,
        action="delayed" if deferred or (status and status["dsn"].startswith("4")) else "failed",
        status=status["dsn"] if status else None,
        rhost=host(server.rstrip(".")),
        phase=logs.phase(words),
    )
    return tuple(_for(made, each) for each in found["to"].split(",", RECIPIENTS)[:RECIPIENTS])


def _for(refusal: Refusal, recipient: str) -> Refusal:
    return replace(refusal, recipient=address(recipient) or recipient.strip("<> ") or None)


def _rejected(found: re.Match[str], reporter: str | None) -> Refusal:
    """What our own server refused to take from a client."""
    is_recipient = found["ruleset"] == "check_rcpt"
    milter = (found["milter"] or "").partition(" ")[0]
    return Refusal(
        recipient=address(found["argument"]) if is_recipient else None,
        text=found["words"],
        rhost=host(reporter or ""),
        phase=_PHASES.get(found["ruleset"] or "") or ("end-of-data" if milter == "data" else None),
    )

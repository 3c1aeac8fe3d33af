"""postfix-log: what Postfix's smtp and lmtp say of each recipient, and what its own smtpd refused."""

import re
from collections.abc import Iterator

from reputon.bounce.doors import logs
from reputon.bounce.doors.event import NEWS, Event, Item
from reputon.bounce.doors.logs import Entry, LogError, Queue
from reputon.bounce.doors.source import Source
from reputon.bounce.refusal import Refusal, host

_TAG = re.compile(
    r"(?:^|\s)postfix[^\s\[/]{0,32}/(?:[a-z-]{1,32}/){0,2}[a-z-]{1,32}\[\d{1,10}\]: (?:\[ID \d{1,9} [\w.]{1,30}\] )?"
)
_ID = r"(?P<id>[0-9A-Za-z]{3,25}): "
_MESSAGE_ID = re.compile(_ID + r"message-id=(?P<message_id><[^>]{1,900}>)")
_DELIVERY = re.compile(
    _ID + r"to=<(?P<to>.{0,320}?)>, (?:orig_to=<(?P<original>.{0,320}?)>, )?relay=(?P<relay>[^,]{1,300}), "
    r".{0,200}?dsn=(?P<dsn>\d\.\d{1,3}\.\d{1,3}), status=(?P<status>[A-Za-z]{1,20})(?: \((?P<why>.*)|$)"
)
_REFUSED = re.compile(
    _ID + r"(?:milter-)?reject: (?P<stage>[A-Z-]{3,20}) from [^\s\[\]]{0,255}\[(?P<address>[^\]\s]{1,64})\]"
    r"(?::\d{1,5})?: (?P<why>.*?)(?:; from=<|$)"
)
_TO = re.compile(r" to=<(?P<to>[^>]{0,320})>,? proto=")
_CONNECT = re.compile(r"(?:connect to|host|with) ([\w.-]{1,253})\[")
_LOOKS = re.compile(r"(?:\w{3,25}: to=<|.{0,400} status=[a-z]|\w{3,25}: (?:milter-)?reject: [A-Z])")

_ACTIONS = {"bounced": "failed", "expired": "failed", "deferred": "delayed", "SOFTBOUNCE": "delayed"}
_OTHERS = ("sent", "deliverable", "undeliverable", "expired,")  # delivered, or only a probe (verify(8))
_PHASES = {
    "CONNECT": "connect", "EHLO": "ehlo", "HELO": "ehlo", "STARTTLS": "starttls", "AUTH": "auth", "MAIL": "mail",
    "RCPT": "rcpt", "DATA": "data", "END-OF-MESSAGE": "end-of-data",
}  # fmt: skip


def read(source: Source) -> Iterator[Item] | None:
    """Each refused or deferred recipient of a log."""
    return logs.read_tagged(source, _TAG, _said)


def _said(queue: Queue, entry: Entry) -> Event:
    _, said, time, reporter = entry
    if found := _DELIVERY.match(said):
        refusal = _refusal(found)
    elif found := _REFUSED.match(said):
        refusal = _refused(found, said, reporter)
    else:
        return _other(queue, said)
    if refusal is None:
        return NEWS
    egress = found["address"] if found.re is _REFUSED and found["address"] != "unknown" else None
    return Event((refusal,), None, reporter, queue.message_id(found["id"]), date=time, egress=egress)


def _other(queue: Queue, said: str) -> Event:
    if found := _MESSAGE_ID.match(said):
        queue.remember(found["id"], found["message_id"])
    elif _LOOKS.match(said) and "status=expired, returned" not in said:
        raise LogError("looks like a delivery of Postfix's, and is not whole")
    return NEWS


def _refusal(found: re.Match[str]) -> Refusal | None:
    if found["status"] in _OTHERS:
        return None
    if found["status"] not in _ACTIONS:
        raise LogError(f"{found['status']!r} is no status that Postfix writes")
    why = (found["why"] or "").rstrip().removesuffix(")")
    named = _CONNECT.search(why)
    return Refusal(
        recipient=found["to"],
        original_recipient=found["original"],
        text=why,
        action=_ACTIONS[found["status"]],
        status=found["dsn"],
        # The address behind the name is the receiver's: nobody is listed there.
        rhost=host(found["relay"].partition("[")[0]) or (host(named.group(1)) if named else None),
        phase=logs.phase(why),
    )


def _refused(found: re.Match[str], said: str, reporter: str | None) -> Refusal:
    """What our own server refused to take from a client."""
    to = _TO.search(said)
    return Refusal(
        recipient=to["to"] if to else None,
        text=found["why"],
        rhost=host(reporter or ""),
        phase=_PHASES.get(found["stage"]),
    )

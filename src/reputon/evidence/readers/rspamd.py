"""Evidence in what Rspamd found: its history (`rspamc -j history`, the controller's /history), or one row a line.

A row is one message: `ip`, `action`, `symbols`, `unix_time`, `sender_smtp`, `rcpt_smtp`, `user` (history_redis.lua).
What Rspamd saw it saw whole, so each row is volume, even one that it had rejected; but a message that it had put off
comes again, and is nothing.  The history is a ring of the last rows, newest first: a row has a name of its own, so
that histories which overlap count once.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from reputon.authentication.domains import aligned
from reputon.evidence.files import Line
from reputon.evidence.ingest import Found, Reader, unreadable
from reputon.evidence.kinds import Evidence, EvidenceError, Kind, Unreadable
from reputon.evidence.readers import fields
from reputon.evidence.readers.documents import Documents
from reputon.evidence.tenant import proved
from reputon.mail.arf import domain_of
from reputon.subject import address_key

# What each action says of the message; what is not in the table is an action of the site's own, and kept aside.
ACTIONS: dict[str, tuple[Kind, ...] | None] = {
    "no action": (Kind.SENT,),
    "accept": (Kind.SENT,),
    "rewrite subject": (Kind.SENT, Kind.FILTERED),
    "add header": (Kind.SENT, Kind.FILTERED),
    "quarantine": (Kind.SENT, Kind.FILTERED),
    "discard": (Kind.SENT, Kind.FILTERED),
    "reject": (Kind.SENT, Kind.FILTERED),
    "greylist": None,
    "soft reject": None,
}
# The symbols by which the antivirus module says that it found one; `CLAM_VIRUS_FAIL`, `_ENCRYPTED` say no such thing.
VIRUSES = frozenset((
    "CLAM_VIRUS", "FPROT_VIRUS", "SOPHOS_VIRUS", "SAVAPI_VIRUS", "AVIRA_VIRUS", "KAS_VIRUS", "KAS_SE_VIRUS",
    "AVAST_VIRUS", "VIRUSTOTAL_HIGH", "METADEFENDER_HIGH",
))  # fmt: skip
# The author's domain asks that such mail be refused or put aside; DMARC_POLICY_SOFTFAIL is `p=none`, and asks nothing.
FAILURES = frozenset(("DMARC_POLICY_REJECT", "DMARC_POLICY_QUARANTINE"))

_Symbols = Mapping[str, list[str]]
_NOBODY = ("", "unknown")  # how a value that Rspamd has not got is written


class History:
    """One file of rows."""

    def __init__(self) -> None:
        self._documents = Documents()

    def line(self, line: Line) -> Iterator[Found]:
        """The evidence of each row that a line completes."""
        for value in self._documents.read(line):
            if isinstance(value, Unreadable):
                yield value
                continue
            rows = _rows(value)
            for number, row in enumerate(rows, 1):
                try:
                    yield from _evidence(row)
                except (ValueError, OverflowError, RecursionError) as error:
                    yield unreadable(line if len(rows) == 1 else _row(row, line, number), error)


def _rows(value: object) -> list[object]:
    rows = value.get("rows", value) if isinstance(value, dict) else value
    return rows if isinstance(rows, list) else [rows]


def _row(row: object, line: Line, number: int) -> Line:
    return Line(str(row)[:1000].encode("utf-8", "replace"), f"{line.where} row {number}", is_whole=True)


def _evidence(row: object) -> Iterator[Evidence]:
    if not isinstance(row, dict) or "action" not in row:
        raise EvidenceError("is no row of Rspamd's: it has no action")
    action = fields.text(row["action"]).lower()
    if action not in ACTIONS:
        raise EvidenceError(f"action {action[:40]!r} is none of {', '.join(ACTIONS)}")
    kinds = ACTIONS[action]
    ip = fields.text(row.get("ip"))
    if kinds is None or ip in _NOBODY or fields.text(row.get("user")) not in _NOBODY:
        return  # it comes again, came from no client, or is our own user's
    client = fields.address(ip, "ip")
    if client.is_loopback:
        return
    time = fields.moment(row.get("unix_time", row.get("timestamp")), "unix_time")
    subject, symbols = address_key(client), _symbols(row.get("symbols"))
    tenant = proved(_proofs(row, symbols), subject)
    count = fields.recipients(row.get("rcpt_smtp", row.get("rcpt")))
    content = json.dumps(row, sort_keys=True).encode()
    for kind in (*kinds, *_found(symbols)):
        yield Evidence(time, subject, tenant, kind, count, _identity(content, kind))


def _found(symbols: _Symbols) -> Iterator[Kind]:
    if symbols.keys() & VIRUSES:
        yield Kind.MALWARE
    if symbols.keys() & FAILURES:
        yield Kind.AUTHENTICATION_FAILURE


def _symbols(value: object) -> _Symbols:
    """Names and options: an object by name, a list of objects, or (in the history's first form) names in a text."""
    if isinstance(value, dict):
        return {name: _options(each) for name, each in value.items()}
    if isinstance(value, list):
        return {fields.text(each.get("name")): _options(each) for each in value if isinstance(each, dict)}
    return {name.partition("(")[0].strip(): [] for name in fields.text(value).split(",")}


def _options(symbol: object) -> list[str]:
    options = symbol.get("options") if isinstance(symbol, dict) else None
    return [fields.text(each) for each in options[:50]] if isinstance(options, list) else []


def _proofs(row: Mapping[str, Any], symbols: _Symbols) -> Iterator[str | None]:
    """The domains that passed, the weightiest first: DMARC, DKIM (the author's before others), SPF of the envelope."""
    yield next(iter(symbols.get("DMARC_POLICY_ALLOW", ())), None)
    author = domain_of(fields.text(row.get("sender_mime")))
    signers = [each.removeprefix("d=").partition(":")[0] for each in symbols.get("R_DKIM_ALLOW", ())]
    yield from sorted(signers, key=lambda each: not (author and aligned(each, author)))
    if "R_SPF_ALLOW" in symbols:
        yield domain_of(fields.text(row.get("sender_smtp", row.get("from"))))


def _identity(content: bytes, kind: Kind) -> bytes:
    """The name of one thing that a row says: its content, in whatever order it was written."""
    return hashlib.blake2b(content + kind.encode(), digest_size=16, person=b"rspamd").digest()


READER = Reader(lambda _: History())

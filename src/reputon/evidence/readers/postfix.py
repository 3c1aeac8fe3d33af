"""Evidence in the log of a receiving Postfix: each recipient that a client tried, and what became of it.

The log is read by queue id, from its beginning: the client's line names the address, later lines the outcome.
A message whose first line lies in another file is left out: whose it was is not known.  Mail of our own users
(logged in, or from this host) is no evidence, nor is a temporary refusal, after which the client comes again.
"""

from collections import OrderedDict
from collections.abc import Iterable
from datetime import datetime

from reputon.evidence.ingest import Reader
from reputon.evidence.kinds import Evidence, Kind
from reputon.evidence.logs import OPEN, LogReading, Mail, outcome, remember, seen
from reputon.mail import postfix_log as log
from reputon.mail.milter_log import SpfPassed
from reputon.mail.syslog import Address

STAGES = frozenset(("MAIL", "RCPT", "DATA", "END-OF-MESSAGE"))  # before these, no mail was tried


class Log(LogReading):
    """One log file."""

    def __init__(self, now: datetime) -> None:
        super().__init__(now)
        self._mails: OrderedDict[str, Mail] = OrderedDict()
        self._spf: OrderedDict[tuple[Address, str], None] = OrderedDict()

    def _read(self, text: str) -> Iterable[Evidence]:
        entry = log.parse(text, self._now)
        return self._entry(entry) if entry else ()

    def _entry(self, entry: log.Entry) -> Iterable[Evidence]:
        time, queue_id, said = entry
        if isinstance(said, log.Refusal):
            return self._refused(time, said)
        if isinstance(said, SpfPassed):
            remember(self._spf, (said.address, said.domain), None, OPEN)
        elif isinstance(said, log.Client) and queue_id:
            self._begun(queue_id, said)
        elif mail := self._mails.get(queue_id or ""):
            if isinstance(said, log.Delivery):
                return self._ended(time, said, mail)
            if isinstance(said, log.Removed):
                del self._mails[queue_id or ""]
            elif isinstance(said, log.Sender):
                mail.sender = said.domain
            elif not isinstance(said, log.Client):
                mail.learn(said)
        return ()

    def _begun(self, queue_id: str, client: log.Client) -> None:
        self._mails.pop(queue_id, None)  # queue ids are used again
        mail = Mail(client.address, is_own=client.is_own)
        if mail.is_foreign:
            remember(self._mails, queue_id, mail, OPEN)

    def _refused(self, time: datetime, refusal: log.Refusal) -> Iterable[Evidence]:
        if not refusal.is_final or refusal.stage not in STAGES:
            return ()
        mail = Mail(refusal.address, refusal.sender, is_own=refusal.is_own)
        return self._seen(time, outcome(refusal.enhanced), mail)

    def _ended(self, time: datetime, delivery: log.Delivery, mail: Mail) -> Iterable[Evidence]:
        if delivery.status == "sent":
            return self._seen(time, Kind.DELIVERED, mail)
        return self._seen(time, outcome(delivery.enhanced), mail) if delivery.status == "bounced" else ()

    def _seen(self, time: datetime, kind: Kind, mail: Mail) -> Iterable[Evidence]:
        return seen(time, kind, mail, is_spf_passed=(mail.address, mail.sender) in self._spf)


READER = Reader(Log)

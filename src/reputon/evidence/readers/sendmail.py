"""Evidence in the log of a receiving sendmail: each recipient that a client tried, and what became of it.

Sendmail names a message's client only after it has refused recipients: what it refused waits for that line.
"""

from collections import OrderedDict
from collections.abc import Iterable
from datetime import datetime

from reputon.evidence.ingest import Reader
from reputon.evidence.kinds import Evidence, Kind
from reputon.evidence.logs import LogReading, Mail, Queue, outcome, remember, seen
from reputon.mail import sendmail_log as log
from reputon.mail.syslog import Address


class SendmailLog(LogReading):
    """One log file."""

    def __init__(self, now: datetime) -> None:
        super().__init__(now)
        self._queue = Queue()
        self._logins: OrderedDict[tuple[str | None, Address], None] = OrderedDict()

    def _read(self, text: str) -> Iterable[Evidence]:
        entry = log.parse(text, self._now)
        if entry is None:
            return ()
        time, process, queue_id, said = entry
        if isinstance(said, log.Login):
            remember(self._logins, (process, said.address), None)
        elif isinstance(said, log.Refusal) and said.address:
            mail = Mail(said.address, is_own=(process, said.address) in self._logins)
            return seen(time, outcome(said.enhanced), mail)
        elif queue_id:
            return self._told(time, process, queue_id, said)
        return ()

    def _told(self, time: datetime, process: str | None, queue_id: str, said: log.Said) -> Iterable[Evidence]:
        """What a line says of a message with an id."""
        if isinstance(said, log.Client):
            is_own = said.is_own or (said.address is not None and (process, said.address) in self._logins)
            return self._queue.begun(time, queue_id, Mail(said.address, said.sender, is_own=is_own))
        if isinstance(said, log.Refusal):
            return self._queue.ended(time, queue_id, outcome(said.enhanced))
        if isinstance(said, log.Delivery):
            kind = Kind.DELIVERED if said.is_taken else outcome(said.enhanced)
            return self._queue.ended(time, queue_id, kind, said.recipients)
        if not isinstance(said, log.Login):
            self._queue.mail(queue_id).learn(said)
        return ()


READER = Reader(SendmailLog)

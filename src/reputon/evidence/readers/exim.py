"""Evidence in the log of a receiving Exim: each recipient that a client tried, and what became of it.

Main log or reject log, not both: a refusal stands in either.  DKIM is proved by the log's `DKIM:` lines or the `DKIM=`
of a message, DMARC by its results; SPF is not in the log.
"""

from collections.abc import Iterable
from datetime import datetime

from reputon.evidence.ingest import Reader
from reputon.evidence.kinds import Evidence, Kind
from reputon.evidence.logs import SIGNERS, LogReading, Mail, Queue, outcome, seen
from reputon.mail import exim_log as log
from reputon.mail.milter_log import DmarcPassed, Signed


class EximLog(LogReading):
    """One log file."""

    def __init__(self, now: datetime) -> None:
        super().__init__(now)
        self._queue = Queue()

    def _read(self, text: str) -> Iterable[Evidence]:
        entry = log.parse(text, self._now)
        if entry is None:
            return ()
        time, message, said = entry
        if isinstance(said, log.Refusal):
            return self._refused(time, message, said)
        return self._told(time, message, said) if message else ()

    def _told(self, time: datetime, message: str, said: log.Said) -> Iterable[Evidence]:
        """What a line says of a message with an id."""
        if isinstance(said, log.Arrival):
            if said.signer:
                self._signed(message, said.signer)
            return self._queue.begun(time, message, Mail(said.address, said.sender, is_own=said.is_own))
        if isinstance(said, log.Delivery):
            kind = Kind.DELIVERED if said.is_taken else outcome(said.enhanced)
            return self._queue.ended(time, message, kind)
        if isinstance(said, log.Completed):
            self._queue.forget(message)
        elif isinstance(said, Signed):
            self._signed(message, said.domain)
        elif isinstance(said, DmarcPassed):
            self._queue.mail(message).learn(said)
        return ()

    def _signed(self, message: str, signer: str) -> None:
        mail = self._queue.mail(message)
        mail.is_verified = True
        mail.signers = (*mail.signers, signer)[:SIGNERS]

    def _refused(self, time: datetime, message: str | None, refusal: log.Refusal) -> Iterable[Evidence]:
        mail = self._queue.mail(message) if message else Mail()
        mail.address, mail.sender, mail.is_own = refusal.address, refusal.sender, refusal.is_own
        return seen(time, outcome(refusal.enhanced), mail)


READER = Reader(EximLog)

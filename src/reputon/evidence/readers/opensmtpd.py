"""Evidence in the log of a receiving OpenSMTPD: each recipient that a client tried, and what became of it.

No line of it says whose domain was proved, so that all mail belongs to the address that it came from.  `Invalid
recipient` it says of users that are not there, and of relaying: it is an unknown user where the log has shown before
that we take mail for that domain.
"""

from collections import OrderedDict
from collections.abc import Iterable
from datetime import datetime

from reputon.evidence.ingest import Reader
from reputon.evidence.kinds import Evidence, Kind
from reputon.evidence.logs import LogReading, Mail, outcome, remember, seen
from reputon.mail import opensmtpd_log as log


class OpensmtpdLog(LogReading):
    """One log file."""

    def __init__(self, now: datetime) -> None:
        super().__init__(now)
        self._sessions: OrderedDict[str, Mail] = OrderedDict()
        self._messages: OrderedDict[str, Mail] = OrderedDict()
        self._domains: OrderedDict[str, None] = OrderedDict()

    def _read(self, text: str) -> Iterable[Evidence]:
        entry = log.parse(text, self._now)
        if entry is None:
            return ()
        time, session, said = entry
        if isinstance(said, log.Connected):
            remember(self._sessions, session, Mail(said.address))
        elif isinstance(said, log.Delivery):
            return self._ended(time, said)
        elif client := self._sessions.get(session):
            return self._told(time, session, client, said)
        return ()

    def _told(self, time: datetime, session: str, client: Mail, said: log.Said) -> Iterable[Evidence]:
        """What a line says in a session that we know."""
        if isinstance(said, log.Refusal):
            is_nobody = said.recipient_domain is not None and said.recipient_domain in self._domains
            return seen(time, Kind.UNKNOWN_USER if is_nobody else outcome(said.enhanced), client)
        if isinstance(said, log.LoggedIn):
            client.is_own = True
        elif isinstance(said, log.Message):
            remember(self._messages, said.message, client)
        elif isinstance(said, log.Envelope) and said.domain and client.is_foreign:
            remember(self._domains, said.domain, None)
        elif isinstance(said, log.Disconnected):
            del self._sessions[session]
        return ()

    def _ended(self, time: datetime, delivery: log.Delivery) -> Iterable[Evidence]:
        mail = self._messages.get(delivery.message)
        if mail is None:
            return ()
        return seen(time, Kind.DELIVERED if delivery.is_taken else outcome(delivery.enhanced), mail)


READER = Reader(OpensmtpdLog)

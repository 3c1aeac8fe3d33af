"""Mail to spam traps: a folder of messages (a Maildir), each a hit by the address that delivered it.

Which address that was stands in the Received field that our outermost host wrote; the tenant in the
Authentication-Results that our hosts wrote above it.  What the message says of itself proves nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from reputon.evidence import border
from reputon.evidence.border import Networks
from reputon.evidence.files import Line
from reputon.evidence.ingest import Found, Reader, unreadable
from reputon.evidence.kinds import Evidence, Kind
from reputon.evidence.tenant import authenticated, proved
from reputon.mail import mime
from reputon.mail.header import Fields
from reputon.mail.returned import values
from reputon.subject import address_key


@dataclass(frozen=True, slots=True)
class Hits:
    """One message; `own` and `trusted` as `border.crossed` has them."""

    kind: Kind
    own: Networks = ()
    trusted: frozenset[str] = frozenset()

    def line(self, line: Line) -> Iterator[Found]:
        """The hit; mail with an empty sender is an answer to mail that somebody forged, and none."""
        try:
            fields = mime.fields(mime.parse(line.text))
            sender = next(iter(values(fields, "return-path")), None)
            if sender != "<>":
                yield self._hit(fields, sender)
        except ValueError as error:
            yield unreadable(line, error)

    def _hit(self, fields: Fields, sender: str | None) -> Evidence:
        """By its bytes alone: one message to two traps is two files, as each names its own, and two hits."""
        found = border.crossed(fields, self.own, self.trusted)
        subject = address_key(found.address)
        return Evidence(found.time, subject, proved(authenticated(found.results, fields, sender), subject), self.kind)


def reader(kind: Kind, own: Networks = (), trusted: frozenset[str] = frozenset()) -> Reader:
    """A reader of traps: `own` are networks of our relays, `trusted` the authserv-ids of our servers, lower case."""

    def start(_: datetime) -> Hits:
        return Hits(kind, tuple(own), trusted)

    return Reader(start, whole=True)


PRISTINE, RECYCLED = reader(Kind.TRAP_PRISTINE), reader(Kind.TRAP_RECYCLED)

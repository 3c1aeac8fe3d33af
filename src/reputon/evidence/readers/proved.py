"""A reader of reports by mail, for a source that speaks for certain domains: what others sent is kept aside."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from reputon.evidence import reporter
from reputon.evidence.files import Line
from reputon.evidence.ingest import Found, Reader, Reading, unreadable
from reputon.resolver import Resolver


@dataclass(frozen=True, slots=True)
class _Demanding:
    """One report; nothing of it is read before its reporter is proved."""

    reading: Reading
    wanted: frozenset[str]
    resolver: Resolver
    trusted: frozenset[str]

    def line(self, line: Line) -> Iterable[Found]:
        why = reporter.check(line.text, self.wanted, self.resolver, self.trusted)
        return self.reading.line(line) if why is None else [unreadable(line, why)]


def demanding(
    reader: Reader, wanted: frozenset[str], resolver: Resolver, trusted: frozenset[str] = frozenset()
) -> Reader:
    """The reader, which takes messages of the `wanted` domains alone; of a reader of logs, or for none, itself.

    `trusted`: the authserv-ids of our own servers, lower case, that `reporter.verify` believes.
    """
    if not wanted or not reader.whole:
        return reader
    return replace(reader, open=lambda now: _Demanding(reader.open(now), wanted, resolver, trusted))

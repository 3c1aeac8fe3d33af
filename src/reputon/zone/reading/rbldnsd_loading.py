"""Loading: the files of one zone of rbldnsd, while they are read."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from reputon.zone.content import FOREVER, LONGEST_NAME, Content, ContentError
from reputon.zone.reading.lines import blocks
from reputon.zone.reading.prefixes import name
from reputon.zone.reading.rbldnsd_draft import Draft
from reputon.zone.reading.rbldnsd_lines import LINES, SPACE, take
from reputon.zone.reading.rbldnsd_specials import DEFAULT_TTL, SPECIALS, VARIABLES, Specials, special, variable
from reputon.zone.reading.reading import Reading, plain_soa

MOST_ENTRIES = 50_000_000
MOST_PLACES = 1000  # datasets, each counted for every zone that it is in
ACL = "acl: who may ask is no data of a zone: write it into reputon.toml (docs/configuration.md)"


@dataclass(slots=True)
class Loading:
    """The datasets that were read so far, each with the subzones that have it (empty: the zone itself).

    `header` is what the dataset of now says of the zone, `path` and `number` where the lines read now begin.
    """

    origin: str
    now: int
    reading: Reading = field(default_factory=lambda: Reading([]))
    drafts: list[tuple[Draft, list[str]]] = field(default_factory=list)
    headers: list[Specials] = field(default_factory=list)
    path: Path = Path()
    number: int = 0

    @property
    def draft(self) -> Draft:
        """The dataset of now."""
        return self.drafts[-1][0]

    def read(self, kind: str, paths: Sequence[Path]) -> None:
        """Read the files of one dataset of a type as if they were one; raises ContentError."""
        self.headers.append(Specials())
        self._begin(kind, "", self.headers[-1], [""])
        for path in paths:
            if path is not paths[0] and kind == "combined":  # a dataset within ends with its file
                self._begin(kind, "", self.headers[-1], [])
            self.path = path
            self.draft.begin()
            for number, lines in blocks(path):
                self.number = number
                self._take(lines)
                if sum(len(draft.dataset) + len(draft.records) for draft, _ in self.drafts) > MOST_ENTRIES:
                    raise ContentError(f"{path}: more than {MOST_ENTRIES} entries: make several zones of them")

    def finish(self, newest: int) -> Reading:
        """The zones; `newest` is the serial for a $SOA whose serial is 0, or that is missing."""
        for draft, _ in self.drafts:
            for text in draft.settle():
                self.reading.warn(text)
        zones: dict[str, Content] = {}
        for draft, places in self.drafts:
            for place in places:
                apex = f"{place}.{self.origin}" if place else self.origin
                if apex not in zones:
                    zones[apex] = self._zone(apex, draft.specials.ttl, newest)
                draft.put(zones[apex])
        self.reading.zones = list(zones.values())
        return self.reading

    def _zone(self, apex: str, ttl: int, newest: int) -> Content:
        """An empty zone; what is said of several datasets counts for the first one that says it."""
        named = next((each for each in self.headers if each.name_servers), Specials())
        soa = next((each.soa for each in self.headers if each.soa), None)
        soa = soa or plain_soa(self.origin, named.name_servers, 0)
        soa = replace(soa, serial=soa.serial or newest)
        stale = min((each.expires for each in self.headers if each.expires), default=FOREVER)
        if stale and stale <= self.now:
            self.reading.warn(f"{apex}: its time ($TIMESTAMP) is over: it lists nobody until it is renewed")
        return Content(apex, soa, named.name_servers, named.name_server_ttl or DEFAULT_TTL, ttl, stale)

    def _take(self, lines: list[str]) -> None:
        at = 0
        try:
            while (at := take(self.draft, lines, at)) < len(lines):
                self.draft.at = at
                self._special(special(lines[at].strip(SPACE + "\r")))
                at += 1
        except ContentError as problem:
            raise ContentError(f"{self._where()}: {problem}") from None

    def _special(self, text: str) -> None:
        words = text.split(None, 1)
        key, rest = words[0].lower() if words and text[0] not in SPACE else "", words[1] if len(words) > 1 else ""
        header = self.headers[-1]
        if key in VARIABLES:
            variable(self.draft.specials, key, rest)
        elif key == "dataset":
            self._dataset(rest)
        elif key in SPECIALS:
            SPECIALS[key](self.draft.specials if key == "ttl" else header, rest.split(), self.now)
            self.draft.specials.widest = header.widest
        else:
            self._warn(f"${text[:20]} is not known: left out")

    def _dataset(self, text: str) -> None:
        """`$DATASET type[:name] subzone subzone...`; `@` is the zone itself."""
        if self.drafts[-1][0].kind != "combined" and self.headers[-1] is self.draft.specials:
            raise ContentError("$DATASET: only in a file of type combined: write combined:FILE")
        words = text.split()
        ends = [at for at, word in enumerate(words) if word[0] in "#;"]
        kind, *places = words[: ends[0]] if ends else words or [""]
        kind, _, label = kind.partition(":")
        if not places:
            self._warn("$DATASET without subzones: its entries are left out (@ is the zone itself)")
        header = self.headers[-1]
        own = Specials(widest=header.widest, ttl=header.ttl, variables=dict(header.variables))
        room = self._room("")
        self._begin(kind, label, own, ["" if each == "@" else name(each, room) for each in places])
        self.draft.begin()

    def _begin(self, kind: str, label: str, specials: Specials, places: list[str]) -> None:
        if kind == "acl":
            raise ContentError(ACL)
        if kind not in LINES or (kind == "combined" and self.headers[-1] is not specials):
            raise ContentError(f"{kind!r} is no type of dataset: write one of {', '.join(LINES)}")
        if sum(max(1, len(each)) for _, each in self.drafts) + len(places) > MOST_PLACES:
            raise ContentError(f"more than {MOST_PLACES} datasets: put those with the same subzones together")
        at = self.draft.at if self.drafts else 0
        room = min((self._room(each) for each in places), default=LONGEST_NAME)
        self.drafts.append((Draft(kind, label, specials, room, self._warn, at=at), places))

    def _room(self, place: str) -> int:
        return LONGEST_NAME - len(f"{place}.{self.origin}" if place else self.origin) - 1

    def _where(self) -> str:
        return f"{self.path} line {self.number + self.draft.at}"

    def _warn(self, text: str) -> None:
        self.reading.warn(f"{self._where()}: {text}")

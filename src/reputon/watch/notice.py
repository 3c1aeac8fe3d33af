"""Notice: a transition in words, the same for every channel."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import assert_never

from reputon.watch.transitions import Kind


@dataclass(frozen=True, slots=True)
class Notice:
    """One transition as people are told of it; `id` is the transition's number in the history.

    `codes`, `meaning`, `text` (the list's own words), `removal` and `who_may_ask` are the list's, where it said any.
    """

    id: int
    kind: Kind
    subject: str
    list: str
    at: datetime
    since: datetime
    codes: tuple[str, ...] = ()
    meaning: str = ""
    text: str = ""
    removal: str = ""
    who_may_ask: str = ""
    watch: str = ""

    @property
    def title(self) -> str:
        """One line."""
        match self.kind:
            case Kind.LISTED:
                return f"{self.subject} is listed by {self.list}"
            case Kind.DELISTED:
                return f"{self.subject} is no longer listed by {self.list}"
            case Kind.CHANGED:
                return f"{self.subject} is listed by {self.list} for another reason"
            case Kind.SILENT:
                return f"{self.list} cannot be asked about {self.subject}"
            case Kind.AUDIBLE:
                return f"{self.list} can be asked about {self.subject} again"
        assert_never(self.kind)

    @property
    def is_good(self) -> bool:
        """Whether it is good news."""
        return self.kind in (Kind.DELISTED, Kind.AUDIBLE)

    @property
    def facts(self) -> tuple[tuple[str, str], ...]:
        """What is known, as pairs of a name and a text without line breaks; nothing that is empty."""
        found = (
            ("Watched as", self.watch if self.watch != self.subject else ""),
            ("First seen", stamp(self.since)),
            ("Confirmed", stamp(self.at)),
            ("Codes", ", ".join(self.codes)),
            ("Meaning", self.meaning),
            ("The list says", self.text),
            ("Removal", self.removal if self.kind in (Kind.LISTED, Kind.CHANGED) else ""),
            ("Who may ask", self.who_may_ask if self.kind in (Kind.LISTED, Kind.CHANGED) else ""),
        )
        return tuple((name, " ".join(text.split())) for name, text in found if text)

    @property
    def fields(self) -> dict[str, object]:
        """What programs read."""
        return {
            "id": self.id, "kind": str(self.kind), "subject": self.subject, "list": self.list, "at": stamp(self.at),
            "since": stamp(self.since), "codes": list(self.codes), "meaning": self.meaning, "text": self.text,
            "removal": self.removal, "who_may_ask": self.who_may_ask, "watch": self.watch, "title": self.title,
        }  # fmt: skip


def stamp(moment: datetime) -> str:
    """RFC 3339 in UTC, to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

"""Reading: what the files of a zone say, and what was left out of it."""

from dataclasses import dataclass, field

from reputon.zone.content import Content, Soa

MOST_WARNINGS = 100


@dataclass(slots=True)
class Reading:
    """The zones that were read, the one asked for first, others below it; and sentences about what was left out."""

    zones: list[Content]
    warnings: list[str] = field(default_factory=list)
    unsaid: int = 0

    def warn(self, text: str) -> None:
        """Add a warning; of very many the last one is their number."""
        if len(self.warnings) < MOST_WARNINGS:
            self.warnings.append(text)
        else:
            self.unsaid += 1
            self.warnings[MOST_WARNINGS:] = [f"{self.unsaid} more warnings"]


def plain_soa(origin: str, name_servers: tuple[str, ...], serial: int) -> Soa:
    """The start of authority of a zone whose files say none."""
    return Soa((*name_servers, origin)[0], f"hostmaster.{origin}", serial)

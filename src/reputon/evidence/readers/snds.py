"""What Microsoft saw of an address in a day: the CSV of SNDS (Smart Network Data Services), a row a line, no header.

SNDS gives shares in bands and not in numbers.  `FILTERED` and `_share` say which share we take for each; counts are
estimates for that reason, and docs/evidence.md says so.  It tells no tenant: a sample MAIL FROM proves nothing.
"""

import csv
import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone

from reputon.evidence.files import Line
from reputon.evidence.ingest import Found, Reader, unreadable
from reputon.evidence.kinds import MOST, Evidence, EvidenceError, Kind
from reputon.evidence.tenant import unproved
from reputon.subject import SubjectError, address_key

COLUMNS = 14
NEEDED = 11  # up to the trap hits; samples and comments are not read
FILTERED = {"green": 0.05, "yellow": 0.5, "red": 0.95}  # under 10 %, between, over 90 % found to be spam
PACIFIC = timezone(timedelta(hours=-8))  # the zone of its days, without summer time: at most an hour late
FORMATS = ("%m/%d/%Y %I:%M %p", "%m/%d/%Y %I:%M:%S %p", "%m/%d/%Y %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S")


class Rows:
    """One file."""

    def line(self, line: Line) -> Iterator[Found]:
        """What a row says; one that is still being written waits, a heading is none."""
        try:
            cells = [cell.strip() for cell in next(csv.reader([_text(line)], strict=True), [])]
            if not cells or cells[0].lower().startswith("ip") or (not line.is_whole and len(cells) < COLUMNS):
                return
            yield from _evidence(cells)
        except csv.Error as error:
            yield unreadable(line, f"no row of CSV: {error}")
        except ValueError as error:
            yield unreadable(line, error)


def _text(line: Line) -> str:
    return line.text.decode("utf-8", "replace").removeprefix("\ufeff")


def _evidence(cells: list[str]) -> Iterator[Evidence]:
    if len(cells) < NEEDED:
        raise EvidenceError(f"{len(cells)} columns: SNDS writes {COLUMNS}, from the address to the comments")
    try:
        subject = address_key(cells[0])
    except SubjectError as error:
        raise EvidenceError(f"no row of SNDS: {error}") from None
    start, end = _time(cells[1]), _time(cells[2])
    if start > end:
        raise EvidenceError("the activity ends before it begins")
    recipients = _count(cells[5])
    for kind, count in list(_kinds(recipients, cells)):  # all that a row says, or nothing
        name = "\0".join((str(subject), start.isoformat(), end.isoformat(), kind))
        identity = hashlib.blake2b(name.encode(), digest_size=16, person=b"snds").digest()
        if count:
            yield Evidence(end, subject, unproved(subject), kind, count, identity)


def _kinds(recipients: int, cells: list[str]) -> Iterator[tuple[Kind, int]]:
    yield Kind.SENT, recipients
    if cells[6]:
        yield Kind.FILTERED, round(recipients * _filtered(cells[6]))
    yield Kind.COMPLAINT, round(recipients * _share(cells[7]))
    # SNDS does not say what kind of trap; the lesser is the one that we can answer for.
    yield Kind.TRAP_RECYCLED, _count(cells[10])


def _filtered(text: str) -> float:
    try:
        return FILTERED[text.lower()]
    except KeyError:
        raise EvidenceError(f"filter result {text[:40]!r} is none of {', '.join(FILTERED)}") from None


def _share(text: str) -> float:
    """The share that stands for a rate: of `< 0.1%` the half, of `0.3% - 0.5%` the middle, of `0.3%`, `> 4%` itself."""
    words = text.replace("%", " ").replace("-", " ").replace("<", " < ").replace(">", " > ").split()
    sign = words[0] if words and words[0] in "<>" else ""
    try:
        values = [float(word) for word in words[bool(sign) :]]
    except ValueError:
        values = [-1.0]
    if not all(0 <= value <= 100 for value in values) or len(values) > 2 or (sign and len(values) != 1):
        raise EvidenceError(f"complaint rate {text[:40]!r} is none: SNDS writes < 0.1% or 0.3%")
    rate = sum(values) / len(values) if values else 0.0
    return rate / 100 / (2 if sign == "<" else 1)


def _count(text: str) -> int:
    digits = text.replace(",", "") or "0"
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 10 and int(digits) <= MOST):
        raise EvidenceError(f"{text[:40]!r} is not a number of messages")
    return int(digits)


def _time(text: str) -> datetime:
    for each in FORMATS:
        try:
            return datetime.strptime(text, each).replace(tzinfo=PACIFIC).astimezone(UTC)
        except (ValueError, OverflowError):
            continue
    raise EvidenceError(f"{text[:40]!r} is not a time as SNDS writes it: 11/24/2026 12:00 AM")


READER = Reader(lambda _: Rows())

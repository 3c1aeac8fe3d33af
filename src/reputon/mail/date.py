"""Date: the times that mail and reports write, as UTC (RFC 5322 section 3.3, RFC 3339)."""

from datetime import UTC, datetime

LENGTH = 200  # characters of a date that are read


def of_mail(text: str | None) -> datetime | None:
    """A Date field's time, UTC where it names no zone; None for what is none."""
    from email.utils import parsedate_to_datetime  # takes as long to import as hundreds of messages take to read

    try:
        return _in_utc(parsedate_to_datetime((text or "")[:LENGTH]))
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def of_report(text: str | None) -> datetime | None:
    """The same, or as RFC 3339 writes it: reports that are no mail use either."""
    try:
        return _in_utc(datetime.fromisoformat((text or "")[:LENGTH].strip()))
    except (ValueError, OverflowError):
        return of_mail(text)


def _in_utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)

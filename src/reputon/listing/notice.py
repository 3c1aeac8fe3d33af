"""Notice: what the owner of a shared address is told before the address itself is listed (scoring.md 6.4).

A noisy tenant is listed, its address spared, and the owner told.  Who does not acknowledge the notice within 7 days
has ignored it, and the address may be listed as it is.  Whom nobody could reach has ignored nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from reputon.subject import Subject

WAIT = timedelta(days=7)  # for the acknowledgement; also between two notices of one address
MEMORY = timedelta(days=30)  # how long an ignored notice counts
STALE = timedelta(days=2)  # after which a notice that could not be sent is old news

State = Literal["due", "stale", "waiting", "acknowledged", "ignored"]


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice.  `due` is when its cause was seen; `trouble` says why it could not be sent yet."""

    subject: Subject
    due: datetime
    why: str
    contact: str = ""
    sent: datetime | None = None
    acknowledged: datetime | None = None
    trouble: str = ""
    id: int = 0


@dataclass(frozen=True, slots=True)
class Noisy:
    """A tenant that spoils an address, as its owner may know it: messages and pieces of bad evidence by kind."""

    tenant: str
    messages: int
    bad: Mapping[str, int]


def state(notice: Notice, now: datetime) -> State:
    """How it stands."""
    if notice.acknowledged is not None:
        return "acknowledged"
    if notice.sent is None:
        return "due" if now < notice.due + STALE else "stale"
    return "ignored" if now >= notice.sent + WAIT else "waiting"


def due(spared: Iterable[Subject], notices: Iterable[Notice], now: datetime) -> tuple[Subject, ...]:
    """Of which spared addresses a notice is due: those that had none within 7 days, and have none on its way."""
    told = {
        each.subject
        for each in notices
        if state(each, now) == "due" or (each.sent is not None and now < each.sent + WAIT)
    }
    return tuple(sorted({subject for subject in spared if subject.kind == "ip"} - told))


def ignored(notices: Iterable[Notice], now: datetime) -> frozenset[Subject]:
    """The addresses whose owner ignored a notice within 30 days, and has acknowledged none since."""
    found: dict[Subject, bool] = {}
    for each in sorted((each for each in notices if each.sent is not None), key=lambda each: (each.sent, each.id)):
        how = state(each, now)
        if how == "acknowledged":
            found[each.subject] = False
        elif how == "ignored" and each.sent is not None and now < each.sent + MEMORY:
            found[each.subject] = True
    return frozenset(subject for subject, is_ignored in found.items() if is_ignored)


def message(notice: Notice, noisy: Sequence[Noisy], token: str, page: str) -> tuple[str, str]:
    """The subject line and the text for the owner, who may know its own tenants' names and counts."""
    lines = [
        f"Mail from your address {notice.subject} was judged bad in the last 24 hours, and one or few of the tenants",
        "that share the address are why. We listed those tenants, not the address.",
        "",
        *(_told(each) for each in noisy),
        *([""] if noisy else []),
        "Please stop them, and tell us that somebody reads this by answering with this line:",
        "",
        f"    {token}",
        "",
        f"If nobody does within {WAIT.days} days, and the trouble goes on, the address itself may be listed.",
        f"What is known of it: {page}",
    ]
    return f"Your address {notice.subject}: a tenant of it sends abusive mail", "\n".join(lines) + "\n"


def _told(noisy: Noisy) -> str:
    bad = ", ".join(f"{count} {kind}" for kind, count in noisy.bad.items() if count)
    return f"    {noisy.tenant}: {noisy.messages} messages{f': {bad}' if bad else ''}"

"""Explain: which rule judged a report, and which of the receiver's words it read."""

from dataclasses import dataclass

from reputon.bounce import reply
from reputon.bounce.dialects import Dialects
from reputon.bounce.report import Report


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a report says what it says; without a rule, `meaning` tells that none knew the words.

    `phase` and `rhost` are where and by whom it was said, since rules may depend on them; `origin` and `as_of` where
    and when the rule is known from.
    """

    recipient: str | None
    rule: str | None
    meaning: str
    words: str | None = None
    phase: str | None = None
    rhost: str | None = None
    origin: str | None = None
    as_of: str | None = None


def explain(report: Report, rules: Dialects) -> Explanation:
    """The explanation of a report that these rules judged."""
    meaning = f"{report.reason}, about {report.subject_kind}, fault {report.fault}"
    rule = next((each for each in rules.rules if each.id == report.rule), None)
    if rule is None:
        return Explanation(report.recipient, None, f"{meaning} (no rule knew the words)", phase=report.phase)
    _, _, words = reply.codes(report.text or "")
    return Explanation(
        recipient=report.recipient,
        rule=rule.id,
        meaning=meaning,
        words=rules.words(rule, report.smtp, report.enhanced, words) or None,
        phase=report.phase,
        rhost=report.rhost,
        origin=rule.origin,
        as_of=rule.as_of,
    )

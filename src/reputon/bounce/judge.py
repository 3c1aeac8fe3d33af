"""Judging a refusal: its codes and words, the rule that knows them, and the list they name, become a report."""

import re

from reputon.bounce import naming, reply
from reputon.bounce.dialects import Dialects, Match
from reputon.bounce.refusal import Refusal
from reputon.bounce.reply import Reply
from reputon.bounce.report import Report
from reputon.lists import BlockList, Catalogue

_SUCCESS = ("delivered", "relayed", "expanded")
# Where the receiver said no more than this the last time, it counts that its provider gave up.
_VAGUE = ("onhold", "systemerror")
_ACCEPTED = re.compile(r"\s{0,4}(2\d\d)[- ](?:(2\.\d{1,3}\.\d{1,3})\b)?")


def judge(refusal: Refusal, catalogue: Catalogue, rules: Dialects) -> Report:
    """The report of one refusal."""
    if refusal.action in _SUCCESS:
        return _success(refusal)
    said = reply.read(refusal.text)
    enhanced = _enhanced(said.enhanced, refusal.status)
    rhost = refusal.rhost or said.rhost
    phase = refusal.phase or said.phase
    match = _match(said, enhanced, phase, rhost or _domain(refusal.recipient), rules)
    named = naming.read(said.text, match, catalogue)
    kind = _kind(match, named.entry)
    return Report(
        recipient=refusal.recipient,
        original_recipient=refusal.original_recipient,
        action=refusal.action or _action(said.smtp, enhanced),
        smtp=said.smtp,
        enhanced=enhanced,
        reason=match.rule.reason_in(phase) if match else "onhold" if _has_words(said.text) else "undefined",
        subject_kind=kind,
        list=named.list,
        zone=named.zone,
        listed_ip=named.listed_ip if kind != "domain" else None,
        return_code=named.return_code,
        removal=named.removal,
        rhost=rhost,
        fault=named.fault or (match.rule.fault if match else "unknown"),
        text=said.text or None,
        rule=match.rule.id if match else None,
        status=refusal.status,
        phase=phase,
        wrapper_smtp=said.wrapper_smtp,
        wrapper_enhanced=said.wrapper_enhanced,
        wrapper_text=said.wrapper_text,
    )


def _match(said: Reply, enhanced: str | None, phase: str | None, server: str | None, rules: Dialects) -> Match | None:
    """The rule that knows the receiver's words; that of the wrapping where they are vague and its writer gave up."""
    _, _, words = reply.codes(said.text)
    match = rules.match(said.smtp, enhanced, words, phase, server)
    if said.wrapper_text and (match is None or match.rule.reason in _VAGUE):
        outer = rules.match(said.wrapper_smtp, said.wrapper_enhanced, said.wrapper_text)
        return outer if outer is not None and outer.rule.reason == "expired" else match
    return match


def _success(refusal: Refusal) -> Report:
    said = _ACCEPTED.match(refusal.text)
    return Report(
        recipient=refusal.recipient,
        original_recipient=refusal.original_recipient,
        action=refusal.action,
        smtp=said.group(1) if said else None,
        enhanced=(said.group(2) if said else None) or refusal.status,
        reason="delivered",
        subject_kind="other",
        rhost=refusal.rhost,
        fault="unknown",
        text=refusal.text or None,
    )


def _domain(recipient: str | None) -> str | None:
    """Whose servers refuse where the text does not name one: carriers write their own bounces."""
    return (recipient or "").rpartition("@")[2].lower() or None


def _has_words(text: str) -> bool:
    """Whether it says more than an address."""
    return any("@" not in word and any(character.isalpha() for character in word) for word in text.split())


def _enhanced(said: str | None, status: str | None) -> str | None:
    """The receiver's own code; the reporter's where that says nothing, or no more than that it failed."""
    if said is not None and not (said.endswith(".0.0") and status):
        return said
    return status or said


def _action(smtp: str | None, enhanced: str | None) -> str:
    return "delayed" if (smtp or enhanced or "5")[0] == "4" else "failed"


def _kind(match: Match | None, entry: BlockList | None) -> str:
    if match is None:
        return "other"
    if match.rule.subject_kind == "ip" and entry is not None and entry.subjects == ("domain",):
        return "domain"
    return match.rule.subject_kind

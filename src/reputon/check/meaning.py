"""Meaning: what a list's answer says, judged by that list's own table and only while its test entries hold.

An answer is a listing where the list documents the code, and "clean" where the list proves in the same run that it
is alive (RFC 5782 section 5: one entry always listed, one never).  Everything else is unknown, with the reason:
tools that read every address as a listing, and every failure as clean, are wrong in 3 to 6 of 8 cases
(research/remedy.md 2.2).
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from reputon.lists import BlockList, Code
from reputon.resolver import Answer, Status, silence

TEXT_SIZE = 300  # characters of a list's own words that are kept


class State(StrEnum):
    """What one list says, gravest first.  CLEAN means "not in it", for a white list too."""

    LISTED = "listed"
    POLICY = "listed-by-policy"
    UNKNOWN = "unknown"
    GRADED = "graded"
    WHITE = "white"
    CLEAN = "clean"


_GRAVEST = tuple(State)


@dataclass(frozen=True, slots=True)
class Result:
    """What one list says of the subject: `meaning` of its codes, or `why` it is unknown.

    `matters`: whether not knowing it forbids to call the subject clean.  `text`: the list's own words (TXT).
    `lists_all`: it gives everybody the same answer, so that a receiver who asks it refuses everybody.
    """

    list: str
    zone: str
    state: State
    codes: tuple[str, ...]
    meaning: str | None
    why: str | None
    removal: str | None
    asked_at: datetime
    matters: bool = True
    text: str | None = None
    lists_all: bool = False


@dataclass(frozen=True, slots=True)
class Checked:
    """What all lists together say of a subject (the canonical text of an address or a domain)."""

    subject: str
    overall: State
    results: tuple[Result, ...]


@dataclass(frozen=True, slots=True)
class Proof:
    """What a list's test entries allow: why its silence, and why its word, is not believed; None: it is."""

    silence: str | None = None
    word: str | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """A state with its reason, before it is tied to a list and a time."""

    state: State
    codes: tuple[str, ...] = ()
    meaning: str | None = None
    why: str | None = None
    lists_all: bool = False


def judge(entry: BlockList, answer: Answer, proof: Proof, now: datetime, matters: bool = True) -> Result:
    """What the list said of a subject, believed as far as its test entries allow."""
    verdict = _read(entry, answer)
    why = proof.silence or proof.word if verdict.state is State.CLEAN else proof.word
    if why is not None and verdict.state is not State.UNKNOWN:
        verdict = Verdict(State.UNKNOWN, verdict.codes, why=why, lists_all=why == proof.word)
    return _result(entry, verdict, now, matters)


def prove(entry: BlockList, always: Answer, never: Answer) -> Proof:
    """What is believed of a list that said this of the entry it always lists, and of the one it never does."""
    return Proof(_why_silence_says_nothing(always, entry), _why_its_word_says_nothing(never, entry))


def not_asked(entry: BlockList, why: str, now: datetime, matters: bool = True) -> Result:
    """The result for a list that no question was put to."""
    return _result(entry, Verdict(State.UNKNOWN, why=why), now, matters)


def cannot_be_asked(entry: BlockList) -> str | None:
    """Why no question can be put to the list at all; None where one can."""
    note = f": {entry.note}" if entry.note else ""
    if entry.status == "closed":
        return f"closed{note}; a refusal that names it is the receiver's mistake"
    if entry.status == "wildcard":
        return f"closed, and answers that everybody is listed{note}"
    if entry.status == "private" or not entry.zone:
        return "a private list, which cannot be asked over DNS" + (
            f": look at {entry.removal}" if entry.removal else ""
        )
    return None


def with_text(result: Result, text: str) -> Result:
    """The result with the list's own words."""
    return replace(result, text=" ".join(text.split())[:TEXT_SIZE] or None)


def overall(results: Iterable[Result]) -> State:
    """The verdict over all lists: any listing counts; never clean while a list that matters is unknown.

    Lists that do not matter (of low impact, white, graded) cannot make a subject unknown or listed by policy, unless
    nothing else was asked.
    """
    results = tuple(results)
    if any(result.state is State.LISTED for result in results):
        return State.LISTED
    states = {result.state for result in results if result.matters}
    for state in (State.POLICY, State.UNKNOWN):
        if state in states:
            return state
    if any(result.state is State.CLEAN for result in results):
        return State.CLEAN
    return min((result.state for result in results), key=_GRAVEST.index, default=State.UNKNOWN)


# --- one answer ------------------------------------------------------------------------------------------------------


def _read(entry: BlockList, answer: Answer) -> Verdict:
    if answer.status in (Status.NXDOMAIN, Status.NODATA):
        return Verdict(State.CLEAN, meaning="not in it")
    if answer.status is not Status.ANSWER:
        return Verdict(State.UNKNOWN, why=silence(answer))
    codes = tuple(sorted(set(answer.records), key=_by_number))
    why = _refusal(entry, codes)
    if why is not None:
        return Verdict(State.UNKNOWN, codes, why=why, lists_all=not all(code.startswith("127.") for code in codes))
    return _read_codes(entry, codes)


def _read_codes(entry: BlockList, codes: tuple[str, ...]) -> Verdict:
    """By the list's table: the gravest code is the state, and all of them are the meaning."""
    found: list[Code] = [meaning for code in codes if (meaning := entry.meaning(code)) is not None]
    strange = [code for code in codes if entry.meaning(code) is None]
    state = min((State(meaning.state) for meaning in found), key=_GRAVEST.index, default=State.UNKNOWN)
    if strange and state not in (State.LISTED, State.POLICY):
        why = f"answered {', '.join(strange)}, which this list does not document"
        return Verdict(State.UNKNOWN, codes, why=why)
    return Verdict(state, codes, meaning="; ".join(dict.fromkeys(meaning.meaning for meaning in found)))


def _refusal(entry: BlockList, codes: Iterable[str]) -> str | None:
    """Why an answer is none: an address that is no code, or a code that refuses the question."""
    for code in codes:
        if not code.startswith("127."):
            return f"answered {code}, outside 127.0.0.0/8: the zone is gone, or the resolver rewrites answers"
        error = entry.error(code)
        if error is not None:
            return f"{error} ({code})" + (f": {entry.registration}" if entry.registration else "")
        if code.startswith("127.255.") and entry.meaning(code) is None:
            return f"answered {code}, by which lists refuse a question (public resolver, too many queries)"
    return None


def _why_silence_says_nothing(always: Answer, entry: BlockList) -> str | None:
    """Silence is "clean" only from a list that lists what it must."""
    if always.status is Status.ANSWER:
        return _refusal(entry, always.records)
    if always.is_known:
        return "silent on its own test entry too: dead, or the question is filtered"
    return f"its test entry could not be asked: {silence(always)}"


def _why_its_word_says_nothing(never: Answer, entry: BlockList) -> str | None:
    """A listing says something only from a list that does not list what it must not."""
    if never.status is not Status.ANSWER or _refusal(entry, never.records) is not None:
        return None
    return f"it lists its test entry that must never be listed ({', '.join(never.records)}): it lists everybody"


def _result(entry: BlockList, verdict: Verdict, now: datetime, matters: bool) -> Result:
    return Result(
        list=entry.name,
        zone=entry.zone,
        state=verdict.state,
        codes=verdict.codes,
        meaning=verdict.meaning,
        why=verdict.why,
        lists_all=verdict.lists_all,
        removal=entry.removal,
        asked_at=now,
        matters=matters,
    )


def _by_number(code: str) -> tuple[int, str]:
    """Codes in the order of their numbers, whatever order DNS gave them in."""
    last = code.rpartition(".")[2]
    return int(last) if last.isascii() and last.isdecimal() else 256, code

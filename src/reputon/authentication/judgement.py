"""Authenticated or not: one answer from what the receiver said, what DNS says now, and the provider's seal.

They are asked in that order (DESIGN.md section 4): the receiver saw the message arrive; DNS may have changed since;
the sending provider's seal on its way out is a word about itself, and counts only where the others say nothing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from reputon.authentication.dkim import Signature
from reputon.authentication.dmarc import Discovery, Outcome
from reputon.authentication.domains import aligned
from reputon.authentication.faults import Fault
from reputon.authentication.results import Results, Verdict

if TYPE_CHECKING:
    from reputon.authentication.spf import Spf  # pyspf takes 50 ms, and an offline run asks nothing

# SPF results that speak against the message; the others (none, neutral, temperror) are no word either way.
_SPF_FAILS = ("fail", "softfail", "permerror")

State = Literal["pass", "fail", "unknown"]


@dataclass(frozen=True, slots=True)
class Now:
    """What DNS says now of a returned message (`authentication.gather`)."""

    spf: "Spf"
    signatures: tuple[Signature, ...]
    dmarc: Discovery
    outcome: Outcome
    faults: tuple[Fault, ...] = ()

    @property
    def facts(self) -> tuple[str, ...]:
        """Each method's result now, in words."""
        signed = [
            f"DKIM {each.result} for {each.domain}, selector {each.selector} ({each.why})" for each in self.signatures
        ]
        return (f"SPF {self.spf.result} for {self.spf.domain} ({self.spf.why})", *signed, self.outcome.fact)


@dataclass(frozen=True, slots=True)
class Authentication:
    """Whether the message authenticated as its author's domain, in words, and where that was read.

    `now` holds what DNS says now, also where the receiver's word is the answer; `faults` what is wrong in the records.
    """

    state: State
    fact: str
    read_in: str
    now: tuple[str, ...] = ()
    faults: tuple[Fault, ...] = ()


def judge(
    results: Sequence[Results],
    receivers: Iterable[str],
    provider: Iterable[str],
    now: Now | None,
    author: str | None,
) -> Authentication:
    """The first of the three voices that has a word.

    `receivers` are hosts and domains of the receiver, whose owner writes its results; `provider` the names under which
    the provider does; `author` is the domain of the From field, to which a pass must be aligned (RFC 7489 section 3.1).
    """
    receivers, provider = tuple(receivers), tuple(provider)
    of_receiver = [each for each in results if is_receiver(each.authserv_id, receivers)]
    of_provider = [each for each in results if is_provider(each.authserv_id, provider)]
    then = _said(of_receiver, author, "the receiver's Authentication-Results")
    found = (
        (_compared(then, now) if then and now else then)
        or (_now(now) if now else None)
        or _said(of_provider, author, "the sending provider's own results in the returned headers")
        or Authentication("unknown", _nothing([*of_receiver, *of_provider], author, now), "returned headers")
    )
    return replace(found, now=now.facts, faults=now.faults) if now else found


def is_receiver(name: str, hosts: Iterable[str]) -> bool:
    """Whether results under this name (authserv-id) are written by the owner of one of these hosts."""
    return any(aligned(name, host) for host in hosts)


def is_provider(name: str, hosts: Iterable[str]) -> bool:
    """Whether results under this name are the provider's; Exchange Online leaves out who speaks on the way out."""
    return not name or any(name.lower() == host or name.lower().endswith("." + host) for host in hosts)


def _said(results: Sequence[Results], author: str | None, read_in: str) -> Authentication | None:
    verdicts = [verdict for each in results for verdict in each.verdicts]
    # DMARC's word already weighs the others, and their alignment.
    dmarc = {verdict.result for verdict in verdicts if verdict.method == "dmarc"}
    passed = [verdict for verdict in verdicts if verdict.result in ("pass", "bestguesspass") and _fits(verdict, author)]
    if passed and ("fail" not in dmarc or "pass" in dmarc):
        return Authentication("pass", f"the message authenticated: {_words(passed)}{_as(author)}", read_in)
    failed = [verdict for verdict in verdicts if verdict.result in ("fail", "softfail", "permerror")]
    if failed and ("fail" in dmarc or not any(verdict.result == "temperror" for verdict in verdicts)):
        unaligned = [verdict for verdict in verdicts if verdict.result == "pass" and not _fits(verdict, author)]
        extra = f"; {_words(unaligned)} is for another owner's domain" if unaligned else ""
        fact = f"the message did not authenticate: {_words(failed)}{_as(author)}{extra}"
        return Authentication("fail", fact, read_in)
    return None


def _fits(verdict: Verdict, author: str | None) -> bool:
    # A DMARC pass is aligned by definition, and so is a verdict where nobody wrote down for which name.
    if verdict.method == "dmarc" or author is None or verdict.domain is None:
        return True
    return aligned(verdict.domain, author)


def _compared(then: Authentication, now: Now) -> Authentication:
    """The receiver's word, with a word more where DNS says otherwise now."""
    state = _state(now)
    if state == "unknown" or state == then.state:
        return then
    more = {
        "pass": f"failed then, passes now: DNS was changed or had a temporary error ({now.outcome.fact})",
        "fail": f"passed then, fails now: DNS was changed since, or the message left from another address "
        f"({now.outcome.fact})",
    }[state]
    return replace(then, fact=f"{then.fact}; {more}")


def _state(now: Now) -> State:
    # A domain without SPF record is no proof against a message; a record that refuses the address is.
    if now.outcome.state == "fail" and now.spf.result not in _SPF_FAILS:
        return "unknown"
    return now.outcome.state


def _now(now: Now) -> Authentication | None:
    state, read_in = _state(now), f"DNS: TXT {now.spf.domain}"
    said = f"SPF of {now.spf.domain} says {now.spf.result} for this address now ({now.spf.why})"
    if state == "pass":
        by_spf = now.outcome.fact.startswith("SPF")
        return Authentication("pass", said if by_spf else now.outcome.fact, read_in if by_spf else "DNS: DKIM keys")
    if state == "fail":
        return Authentication("fail", f"{said}; {now.outcome.fact}", read_in)
    if now.spf.result in _SPF_FAILS and now.signatures:
        # The provider's word about itself must not hide that its address is not in the sender's record.
        return Authentication("unknown", f"{said}; {now.outcome.fact}", read_in)
    return None


def _nothing(results: Sequence[Results], author: str | None, now: Now | None) -> str:
    others = [
        verdict for each in results for verdict in each.verdicts
        if verdict.result == "pass" and not _fits(verdict, author)
    ]  # fmt: skip
    if others:
        return f"{_words(others)} is for {others[0].domain}, which is not aligned with {author}: no pass"
    if any(verdict.result == "temperror" for each in results for verdict in each.verdicts):
        return "DNS failed when SPF, DKIM and DMARC were evaluated (temperror)"
    return now.outcome.fact if now else "nothing says whether SPF, DKIM and DMARC passed"


def _words(verdicts: Iterable[Verdict]) -> str:
    return ", ".join(dict.fromkeys(f"{verdict.method}={verdict.result}" for verdict in verdicts))


def _as(author: str | None) -> str:
    return f" for {author}" if author else ""

"""Authenticated or not: one answer from what the receiver said, what DNS says now, and the provider's seal.

They are asked in that order (DESIGN.md section 4): the receiver saw the message arrive; DNS may have changed since;
the sending provider's seal on its way out is a word about itself, and counts only where the others say nothing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from reputon.authentication.domains import aligned
from reputon.authentication.results import Results, Verdict

# What SPF says now, for or against; the other results (none, neutral, temperror) are no word either way.
_SPF_NOW = {"pass": "pass", "fail": "fail", "softfail": "fail", "permerror": "fail"}

State = Literal["pass", "fail", "unknown"]


class SpfNow(Protocol):
    """What `authentication.spf.evaluate` returns."""

    @property
    def result(self) -> str:
        """`pass`, `fail`, ..."""

    @property
    def domain(self) -> str:
        """The envelope sender's domain."""

    @property
    def why(self) -> str:
        """In pyspf's words."""


@dataclass(frozen=True, slots=True)
class Authentication:
    """Whether the message authenticated as its author's domain, in words, and where that was read."""

    state: State
    fact: str
    read_in: str


def judge(
    results: Sequence[Results],
    receivers: Iterable[str],
    provider: Iterable[str],
    spf_now: SpfNow | None,
    author: str | None,
) -> Authentication:
    """The first of the three voices that has a word.

    `receivers` are hosts and domains of the receiver, whose owner writes its results; `provider` the names under which
    the provider does; `author` is the domain of the From field, to which a pass must be aligned (RFC 7489 section 3.1).
    """
    receivers, provider = tuple(receivers), tuple(provider)
    of_receiver = [each for each in results if is_receiver(each.authserv_id, receivers)]
    of_provider = [each for each in results if is_provider(each.authserv_id, provider)]
    return (
        _said(of_receiver, author, "the receiver's Authentication-Results")
        or _now(spf_now, author)
        or _said(of_provider, author, "the sending provider's own results in the returned headers")
        or Authentication("unknown", "nothing says whether SPF, DKIM and DMARC passed", "returned headers")
    )


def is_receiver(name: str, hosts: Iterable[str]) -> bool:
    """Whether results under this name (authserv-id) are written by the owner of one of these hosts."""
    return any(aligned(name, host) for host in hosts)


def is_provider(name: str, hosts: Iterable[str]) -> bool:
    """Whether results under this name are the provider's; Exchange Online leaves out who speaks on the way out."""
    return not name or any(name.lower() == host or name.lower().endswith("." + host) for host in hosts)


def _said(results: Sequence[Results], author: str | None, read_in: str) -> Authentication | None:
    verdicts = [verdict for each in results for verdict in each.verdicts]
    passed = [verdict for verdict in verdicts if verdict.result in ("pass", "bestguesspass") and _fits(verdict, author)]
    if passed:
        words = ", ".join(dict.fromkeys(f"{verdict.method}={verdict.result}" for verdict in passed))
        return Authentication("pass", f"the message authenticated: {words}{_as(author)}", read_in)
    failed = [verdict for verdict in verdicts if verdict.result in ("fail", "softfail", "permerror")]
    if failed:
        words = ", ".join(dict.fromkeys(f"{verdict.method}={verdict.result}" for verdict in failed))
        return Authentication("fail", f"the message did not authenticate: {words}{_as(author)}", read_in)
    return None


def _fits(verdict: Verdict, author: str | None) -> bool:
    # A DMARC pass is aligned by definition, and so is a verdict where nobody wrote down for which name.
    if verdict.method == "dmarc" or author is None or verdict.domain is None:
        return True
    return aligned(verdict.domain, author)


def _now(spf: SpfNow | None, author: str | None) -> Authentication | None:
    state = _SPF_NOW.get(spf.result) if spf else None
    if spf is None or state is None or (state == "pass" and author is not None and not aligned(spf.domain, author)):
        return None
    fact = f"SPF of {spf.domain} says {spf.result} for this address now ({spf.why})"
    return Authentication("pass" if state == "pass" else "fail", fact, f"DNS: TXT {spf.domain}")


def _as(author: str | None) -> str:
    return f" for {author}" if author else ""

"""DMARC: which record speaks for an author's domain, and whether SPF and DKIM passed for that domain.

The record is found by the tree walk of RFC 9989 (DMARCbis); see docs/decisions/0014 for where the Public Suffix
snapshot still speaks.  Everything here is pure but `find`, which asks.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from reputon.authentication.domains import organizational
from reputon.authentication.faults import Fault, Weight, shown
from reputon.resolver import Answer, Question, Resolver
from reputon.subject import SubjectError
from reputon.subject import domain as parse_domain

LABELS = 8  # queries of one tree walk, and the labels that it goes on with (RFC 9989 section 4.10)
SIZE = 4096  # characters of a record that are read
TAGS = 32

Alignment = Literal["r", "s"]
State = Literal["pass", "fail", "unknown"]

_POLICIES = ("none", "quarantine", "reject")
_SETS: Mapping[str, tuple[str, ...]] = {
    "p": _POLICIES,
    "sp": _POLICIES,
    "np": _POLICIES,
    "adkim": ("r", "s"),
    "aspf": ("r", "s"),
    "psd": ("y", "n", "u"),
    "t": ("y", "n"),
}
_FREE = {"v", "rua", "ruf", "fo", "rf", "ri", "pct"}


@dataclass(frozen=True, slots=True)
class Record:
    """A DMARC record: `policy` is what its `p` asks, `adkim` and `aspf` are `r` (relaxed) or `s` (strict)."""

    domain: str
    text: str
    policy: str
    subdomains: str
    adkim: Alignment
    aspf: Alignment
    psd: str
    reports_to: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Discovery:
    """What was found for an author's domain.

    `organizational` is the owner's domain, by the record's `psd` or else by the Public Suffix snapshot; `is_explicit`
    tells which.  `why` says why it is not known whether there is a record; `policy` is what applies to the author.
    """

    author: str
    record: Record | None
    organizational: str
    is_explicit: bool = False
    faults: tuple[Fault, ...] = ()
    why: str = ""

    @property
    def policy(self) -> str | None:
        """The policy for the author's domain: `sp` where the record is that of a domain above."""
        if self.record is None:
            return None
        return self.record.policy if self.record.domain == self.author else self.record.subdomains


@dataclass(frozen=True, slots=True)
class Outcome:
    """Whether a message passes for its author's domain, in words."""

    state: State
    fact: str


def find(author: str, resolver: Resolver) -> Discovery:
    """Ask for the records of a domain and of those above it, all at once."""
    names = targets(author)
    answers = resolver.ask([Question(f"_dmarc.{name}", "TXT") for name in names])
    return discover(author, dict(zip(names, answers, strict=True)))


def targets(author: str) -> tuple[str, ...]:
    """The domains that the tree walk asks, in its order: eight at most."""
    labels = parse_domain(author).split(".")
    start = 1 if len(labels) <= LABELS - 1 else len(labels) - (LABELS - 1)
    return (".".join(labels), *(".".join(labels[cut:]) for cut in range(start, len(labels))))


def discover(author: str, answers: Mapping[str, Answer]) -> Discovery:
    """The record that speaks for the author, given the answers for every one of `targets`."""
    author = parse_domain(author)
    found: list[Record] = []
    said: list[Fault] = []
    for name in targets(author):
        answer = answers[name]
        if not answer.is_known and not found:
            return Discovery(author, None, organizational(author), why=f"TXT _dmarc.{name}: {answer.why}")
        record, faults = _one(name, answer.records)
        said += faults
        if record is not None:
            found.append(record)
            if record.psd in ("y", "n"):
                break
    owner, is_explicit = _owner(author, found)
    chosen = next((each for each in found if each.domain in (author, owner)), None)
    chosen = chosen or next((each for each in found if each.psd == "y"), None)
    # Without `psd` the walk takes the record with the fewest labels: it speaks for every name below it.
    chosen = chosen or (found[-1] if found else None)
    said += _judged(author, chosen, bool(said))
    return Discovery(author, chosen, owner, is_explicit, tuple(said))


def _owner(author: str, found: Sequence[Record]) -> tuple[str, bool]:
    for record in found:
        if record.psd == "n":
            return record.domain, True
        if record.psd == "y" and record.domain != author:
            below = author.removesuffix("." + record.domain).rpartition(".")[2]
            return f"{below}.{record.domain}", True
    return organizational(author), False


def _one(domain: str, texts: Iterable[str]) -> tuple[Record | None, list[Fault]]:
    texts = [text for text in texts if _is_dmarc(text)]
    where = f"_dmarc.{domain}"
    if len(texts) > 1:
        words = f"{domain} has {len(texts)} DMARC records, and may have one: receivers use none of them"
        return None, [Fault("two-dmarc-records", where, words, "keep one TXT record that begins with v=DMARC1")]
    return parse(domain, texts[0]) if texts else (None, [])


def _is_dmarc(text: str) -> bool:
    tag, _, rest = text[:SIZE].partition("=")
    return tag.strip() == "v" and rest.partition(";")[0].strip() == "DMARC1"


def parse(domain: str, text: str) -> tuple[Record | None, list[Fault]]:
    """A record and its faults; None where it is no DMARC record at all.  Never raises."""
    if not _is_dmarc(text):
        return None, []
    where, faults, tags = f"_dmarc.{domain}", [], {}
    parts = [part.strip() for part in text[:SIZE].split(";") if part.strip()]
    for part in parts[:TAGS]:
        name, separator, value = (each.strip() for each in part.partition("="))
        name = name.lower()
        bad = _bad(name, value if separator else "", name in tags)
        if bad:
            weight: Weight = "fault" if name in _SETS or name in _FREE else "note"  # receivers pass over unknown tags
            faults.append(Fault("dmarc-tag", where, f"`{shown(part)}` in the DMARC record of {domain}: {bad}",
                                "correct or remove this tag", weight))  # fmt: skip
        else:
            tags[name] = value
    if len(text) > SIZE or len(parts) > TAGS:
        faults.append(Fault("dmarc-too-long", where, f"the DMARC record of {domain} is too long", "shorten it"))
    return _record(domain, text, tags, faults), faults


def _bad(name: str, value: str, is_twice: bool) -> str:
    if is_twice:
        return "the tag stands there twice"
    if not value:
        return "a tag without a value"
    if name in _SETS and value.lower() not in _SETS[name]:
        return f"the value must be one of {', '.join(_SETS[name])}"
    return "" if name in _SETS or name in _FREE else "DMARC has no such tag"


def _record(domain: str, text: str, tags: Mapping[str, str], faults: list[Fault]) -> Record:
    low = {name: value.lower() for name, value in tags.items() if name in _SETS}
    addresses = tuple(each.strip() for each in tags.get("rua", "").split(",") if each.strip())
    for each in addresses:
        uri, _, at = each.partition("!")[0].rpartition("@")
        if not uri.lower().startswith("mailto:") or len(uri) <= len("mailto:") or "." not in at:
            faults.append(Fault("dmarc-rua", f"_dmarc.{domain}", f"reports cannot go to `{shown(each)}`: it is no "
                                "mailto: address", "write it as rua=mailto:reports@your.domain"))  # fmt: skip
    if "p" not in low:
        faults.append(Fault("dmarc-no-policy", f"_dmarc.{domain}", f"the DMARC record of {domain} has no policy: "
                            "receivers take it as p=none, or as no record",
                            "add p=none, p=quarantine or p=reject"))  # fmt: skip
    policy = low.get("p", "none")
    strict: dict[str, Alignment] = {name: "s" for name in ("adkim", "aspf") if low.get(name) == "s"}
    return Record(domain, text[:SIZE], policy, low.get("sp", policy), strict.get("adkim", "r"),
                  strict.get("aspf", "r"), low.get("psd", "u"), addresses)  # fmt: skip


def _judged(author: str, record: Record | None, had_faults: bool) -> list[Fault]:
    if record is None:
        remedy = f"publish TXT _dmarc.{organizational(author)}: v=DMARC1; p=none; rua=mailto:..., and tighten it later"
        return [] if had_faults else [Fault("no-dmarc", f"_dmarc.{author}", f"{author} has no DMARC record", remedy)]
    if record.policy == "none":
        words = f"the DMARC policy of {record.domain} is none: receivers report what fails and let it pass"
        return [Fault("dmarc-none", f"_dmarc.{record.domain}", words, "set p=quarantine once the reports are clean",
                      "note")]  # fmt: skip
    return []


def aligned(name: str, discovery: Discovery, mode: Alignment) -> bool:
    """Whether a pass for `name` counts for the author: the same name (strict) or the same owner's (relaxed)."""
    try:
        name = parse_domain(name)
        if mode == "s" or name == discovery.author:
            return name == discovery.author
        if discovery.is_explicit:
            return name == discovery.organizational or name.endswith("." + discovery.organizational)
        return organizational(name) == discovery.organizational
    except SubjectError:
        return False


def evaluate(discovery: Discovery, spf: tuple[str, str] | None, dkim: Iterable[tuple[str, str]] | None) -> Outcome:
    """Whether one aligned pass is there; `spf` and each of `dkim` are (result, domain), None where nobody looked.

    What could not be told (temperror, unverifiable, nobody looked) leaves it unknown, never failed.
    """
    adkim, aspf = (discovery.record.adkim, discovery.record.aspf) if discovery.record else ("r", "r")
    given = [("SPF", *spf, aspf)] if spf else []
    given += [("DKIM", result, name, adkim) for result, name in dkim or ()]
    words = [f"{method} {result} for {shown(name)}" for method, result, name, _ in given]
    words += ["no DKIM signature"] if dkim is not None and not any(each[0] == "DKIM" for each in given) else []
    said = "; ".join(words)
    fits = [each for each in given if aligned(each[2], discovery, each[3])]
    passed = [each for each in fits if each[1] == "pass"]
    if passed:
        return Outcome("pass", f"{passed[0][0]} passes now for {shown(passed[0][2])}, aligned with {discovery.author}")
    open_ends = [each for each in fits if each[1] in ("temperror", "unverifiable")]
    if open_ends or spf is None or dkim is None:
        return Outcome("unknown", f"it cannot be told whether it passes for {discovery.author}: {said or 'not asked'}")
    unaligned = any(each[1] == "pass" for each in given)
    extra = f", but not for a domain of {discovery.author}'s owner" if unaligned else ""
    return Outcome("fail", f"nothing passes now for {discovery.author}: {said}{extra}")

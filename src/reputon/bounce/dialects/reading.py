"""Reading dialects: a TOML file's rules, every mistake named by file and rule."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reputon.bounce.report import FAULTS, PHASES, REASONS, SUBJECT_KINDS

# What a refusal of this reason is mostly about, and whose fault it mostly is; a rule that knows better says so.
_MEANS = {
    "authfailure": ("auth", "sender"),
    "badreputation": ("ip", "sender"),
    "blocked": ("ip", "sender"),
    "contenterror": ("content", "sender"),
    "requireptr": ("ip", "sender"),
    "spamdetected": ("content", "sender"),
    "speeding": ("rate", "sender"),
    "toomanyconn": ("rate", "sender"),
    "virusdetected": ("content", "sender"),
}
_OTHER = ("other", "unknown")

_KEYS = frozenset(
    ("id", "phrases", "pattern", "reason", "subject_kind", "fault", "phases", "in_phase", "in_status", "at_host",
     "example", "said_by", "said_in", "origin", "as_of")
)  # fmt: skip
_NEEDED = ("id", "reason", "example", "origin", "as_of")
_FILE_KEYS = frozenset(("origin", "as_of", "hosts", "rule"))
_SPECIAL = re.compile(r"[\\.^$|?*+()\[\]{}]")
_ESCAPED = r"\\\g<0>"


class DialectError(ValueError):
    """A dialect file that cannot be used; the message names the file and the rule."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What a refusal of this wording means.

    `pattern` is RE2's, its phrases among it.  `phases` and `hosts` limit it to a phase of the dialogue and to the
    servers of these domains; empty means any.  `in_phase` gives the reason where the phase changes it.  `said_by` and
    `said_in` are the host and phase of the example.
    """

    id: str
    pattern: str
    reason: str
    subject_kind: str
    fault: str
    example: str
    origin: str
    as_of: str
    phases: tuple[str, ...] = ()
    in_phase: tuple[tuple[str, str], ...] = ()
    hosts: tuple[str, ...] = ()
    said_by: str | None = None
    said_in: str | None = None

    @property
    def names(self) -> bool:
        """Whether its pattern names parts of the text."""
        return "(?P<" in self.pattern

    def fits(self, phase: str | None, host: str | None) -> bool:
        """Whether it may speak of what this host said in this phase."""
        if self.phases and phase not in self.phases:
            return False
        return not self.hosts or any(_is_below(host, each) for each in self.hosts)

    def reason_in(self, phase: str | None) -> str:
        """What it means when it is said in this phase."""
        return next((reason for each, reason in self.in_phase if each == phase), self.reason)


def parse(dialect: str, text: str) -> list[Rule]:
    """The rules of a file's text."""
    import tomllib  # only where a file is read: what ships is kept parsed

    try:
        return read(dialect, tomllib.loads(text))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise DialectError(f"dialect {dialect} is not TOML: {error}") from None


def read(dialect: str, table: Mapping[str, Any]) -> list[Rule]:
    """The rules of a file's table."""
    if unknown := set(table) - _FILE_KEYS:
        raise DialectError(f"dialect {dialect}: there is no key {min(unknown)!r} (known: {_known(_FILE_KEYS)})")
    rules = table.get("rule")
    if not isinstance(rules, list) or not all(isinstance(each, dict) for each in rules):
        raise DialectError(f"dialect {dialect}: expected [[rule]] tables")
    return [_rule(dialect, table, each) for each in rules]


def _rule(dialect: str, file: Mapping[str, Any], rule: Mapping[str, Any]) -> Rule:
    name = f"{dialect}/{rule.get('id')}"
    table = {"origin": file.get("origin"), "as_of": file.get("as_of"), **rule}
    _check(name, table)
    subject_kind, fault = _MEANS.get(table["reason"], _OTHER)
    found = Rule(
        id=name,
        pattern=_pattern(name, table),
        reason=table["reason"],
        subject_kind=table.get("subject_kind", subject_kind),
        fault=table.get("fault", fault),
        example=table["example"],
        origin=str(table["origin"]),
        as_of=str(table["as_of"]),
        phases=tuple(table.get("phases", ())),
        in_phase=tuple(table.get("in_phase", {}).items()),
        hosts=tuple(file.get("hosts", ())) if table.get("at_host") else (),
        said_by=table.get("said_by"),
        said_in=table.get("said_in"),
    )
    _check_words(found)
    return found


def _check(name: str, table: Mapping[str, Any]) -> None:
    if unknown := set(table) - _KEYS:
        raise DialectError(f"dialect rule {name}: there is no key {min(unknown)!r} (known: {_known(_KEYS)})")
    missing = [key for key in _NEEDED if not table.get(key)]
    if missing:
        raise DialectError(f"dialect rule {name}: `{missing[0]}` is missing")
    if not isinstance(table["reason"], str) or not isinstance(table["example"], str):
        raise DialectError(f"dialect rule {name}: `reason` and `example` are texts")


def _check_words(rule: Rule) -> None:
    for key, value, known in (
        ("reason", rule.reason, REASONS),
        ("subject_kind", rule.subject_kind, SUBJECT_KINDS),
        ("fault", rule.fault, FAULTS),
        *(("phases", phase, PHASES) for phase in rule.phases),
        *(("in_phase", phase, PHASES) for phase, _ in rule.in_phase),
        *(("in_phase", reason, REASONS) for _, reason in rule.in_phase),
    ):
        if value not in known:
            raise DialectError(f"dialect rule {rule.id}: `{key}`: {value!r} is none of {_known(known)}")


def _pattern(name: str, table: Mapping[str, Any]) -> str:
    """Phrases and pattern as one; a space of a phrase stands for itself, every other character too."""
    phrases, pattern = table.get("phrases", []), table.get("pattern")
    if not isinstance(phrases, list) or not all(isinstance(each, str) and each for each in phrases):
        raise DialectError(f"dialect rule {name}: `phrases` is a list of texts")
    if not phrases and not isinstance(pattern, str):
        raise DialectError(f"dialect rule {name}: `phrases` or `pattern` is missing")
    parts = [pattern] if pattern else []
    parts += [rf"^\S+ [45]\.{_SPECIAL.sub(_ESCAPED, each)} " for each in table.get("in_status", ())]
    return "|".join([*parts, *(_SPECIAL.sub(_ESCAPED, each) for each in phrases)])


def _is_below(host: str | None, domain: str) -> bool:
    return host is not None and (host == domain or host.endswith(f".{domain}"))


def _known(words: Any) -> str:
    return ", ".join(sorted(words))

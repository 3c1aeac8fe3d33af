"""Dialects: how receivers word a refusal, one TOML file each, asked in the order of the table below.

A rule is matched against `<reply code> <enhanced code> <words>`, with `-` for a code that is not there.  Its patterns
must be linear on any text: no nested and no overlapping repetitions, gaps bounded (`.{0,40}`).
"""

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from reputon.bounce.report import FAULTS, REASONS, SUBJECT_KINDS

# The order is the argument: what the receiver did wrong, what one provider alone says, then from the particular to
# the general; a bare code speaks only where no words do.
DIALECTS = (
    "receiver", "rackspace", "microsoft", "google", "yahoo", "access-providers", "filters",
    "reverse-dns", "authentication", "domains", "blocklists", "rates", "content", "relaying", "mailboxes",
    "addresses", "policies", "delivery", "codes",
)  # fmt: skip

LENGTH = 2048  # characters of a refusal that rules see


class DialectError(ValueError):
    """A dialect file that cannot be used; the message names the file and the rule."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What a refusal of this wording means.  Named groups `ip`, `zone` and `code` of the pattern are taken over."""

    id: str
    pattern: re.Pattern[str]
    reason: str
    subject_kind: str
    fault: str
    example: str
    origin: str
    as_of: str


@dataclass(frozen=True, slots=True)
class Match:
    """A rule that fits, and what its pattern names in the text."""

    rule: Rule
    ip: str | None = None
    zone: str | None = None
    code: str | None = None


def match(smtp: str | None, enhanced: str | None, words: str) -> Match | None:
    """The first rule that fits a refusal."""
    line = f"{smtp or '-'} {enhanced or '-'} {words}"[:LENGTH]
    for rule in rules():
        if found := rule.pattern.search(line):
            named = found.groupdict()
            return Match(rule, named.get("ip"), named.get("zone"), named.get("code"))
    return None


@cache
def rules() -> tuple[Rule, ...]:
    """Every rule, in the order in which they are asked; DialectError for a file that cannot be used."""
    found = tuple(rule for name in DIALECTS for rule in _read(name))
    if len({rule.id for rule in found}) != len(found):
        raise DialectError("two dialect rules have the same id")
    return found


def _read(name: str) -> list[Rule]:
    try:
        table = tomllib.loads(resources.files(__name__).joinpath(f"{name}.toml").read_text("utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise DialectError(f"dialect {name}: {error}") from None
    return [_rule(name, {"origin": table.get("origin"), "as_of": table.get("as_of"), **each}) for each in table["rule"]]


def _rule(dialect: str, table: dict[str, Any]) -> Rule:
    name = f"{dialect}/{table.get('id')}"
    try:
        rule = Rule(
            id=name,
            pattern=re.compile(table["pattern"], re.IGNORECASE),
            reason=table["reason"],
            subject_kind=table["subject_kind"],
            fault=table["fault"],
            example=table["example"],
            origin=str(table["origin"]),
            as_of=str(table["as_of"]),
        )
    except (KeyError, re.error) as error:
        raise DialectError(f"dialect rule {name}: {error}") from None
    if rule.reason not in REASONS or rule.subject_kind not in SUBJECT_KINDS or rule.fault not in FAULTS:
        raise DialectError(f"dialect rule {name}: unknown reason, subject_kind or fault")
    return rule

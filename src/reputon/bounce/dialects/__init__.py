"""Dialects: how receivers word a refusal, one TOML file each, asked in the order of the table below.

A rule is matched against `<reply code> <enhanced code> <words>`, with `-` for a code that is not there, in RE2's
syntax without regard to case: RE2 takes linear time on any text, whatever the pattern.
"""

from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import re2

from reputon import shipped
from reputon.bounce.dialects.reading import DialectError, Rule, parse, read

__all__ = ["DIALECTS", "LENGTH", "DialectError", "Dialects", "Match", "Rule", "load"]

# The order is the argument: what the receiver did wrong, what one provider alone says, then from the particular to
# the general; a bare code speaks only where no words do.
DIALECTS = (
    "receiver", "rackspace", "microsoft", "google", "yahoo", "apple", "access-providers", "facebook", "docomo", "japan",
    "filters",
    "gateways", "mailboxes", "authentication", "reverse-dns", "domains", "rates", "blocklists", "content", "relaying",
    "addresses", "senders", "policies", "delivery", "codes",
)  # fmt: skip

_HERE = Path(__file__).parent

LENGTH = 2048  # characters of a refusal that rules see


@dataclass(frozen=True, slots=True)
class Match:
    """A rule that fits, and what its named groups `ip`, `zone` and `code` name in the text."""

    rule: Rule
    ip: str | None = None
    zone: str | None = None
    code: str | None = None


@dataclass(frozen=True)
class Dialects:
    """Rules in the order in which they are asked."""

    rules: tuple[Rule, ...]

    def match(
        self, smtp: str | None, enhanced: str | None, words: str, phase: str | None = None, host: str | None = None
    ) -> Match | None:
        """The first rule that fits a refusal said in this phase of the dialogue by this host."""
        line = _line(smtp, enhanced, words)
        fitting = sorted(self._filter.Match(line, False) or ())
        number = next((each for each in fitting if self.rules[each].fits(phase, host)), None)
        if number is None:
            return None
        rule = self.rules[number]
        named = self._filter.re(number).search(line).groupdict() if rule.names else {}
        return Match(rule, *(_text(named.get(name)) for name in ("ip", "zone", "code")))

    def words(self, rule: Rule, smtp: str | None, enhanced: str | None, words: str) -> str:
        """The words of a refusal that a rule read."""
        found = self._filter.re(self.rules.index(rule)).search(_line(smtp, enhanced, words))
        return (_text(found.group()) or "").strip() if found else ""

    @cached_property
    def _filter(self) -> Any:
        """One pass over a text that leaves the few rules whose words stand in it."""
        found = re2.Filter()
        for rule in self.rules:
            try:
                found.Add(rule.pattern.encode(), _OPTIONS)
            except re2.error:
                raise DialectError(f"dialect rule {rule.id}: RE2 does not take its pattern") from None
        found.Compile()
        return found


@cache
def load(folder: Path | None = None) -> Dialects:
    """The rules that ship, after those of a user's own `folder` of TOML files; DialectError names file and rule."""
    rules = [*_own(folder)] if folder is not None else []
    for name, table in zip(DIALECTS, shipped.tables(_HERE, [f"{name}.toml" for name in DIALECTS]), strict=True):
        rules += read(name, table)
    if len({rule.id for rule in rules}) != len(rules):
        raise DialectError("two dialect rules have the same id")
    dialects = Dialects(tuple(rules))
    if folder is not None:
        dialects.match(None, None, "")  # a pattern of theirs that RE2 does not take is said now
    return dialects


def _own(folder: Path) -> list[Rule]:
    files = sorted(folder.glob("*.toml")) if folder.is_dir() else []
    if not files:
        raise DialectError(f"{folder} holds no dialects: it is to be a folder of .toml files")
    try:
        return [rule for path in files for rule in parse(f"own:{path.stem}", path.read_text("utf-8"))]
    except (OSError, UnicodeDecodeError) as error:
        raise DialectError(f"{folder}: {error}") from None


def _options() -> Any:
    options = re2.Options()
    options.case_sensitive = False
    options.encoding = re2.Options.Encoding.LATIN1  # bytes of UTF-8 as they are: half the states
    options.log_errors = False
    return options


_OPTIONS = _options()


def _line(smtp: str | None, enhanced: str | None, words: str) -> bytes:
    """A refusal as rules see it: lower-case, since RE2 here folds the case of ASCII alone."""
    return f"{smtp or '-'} {enhanced or '-'} {words}"[:LENGTH].lower().encode("utf-8", "replace")


def _text(found: bytes | None) -> str | None:
    return None if found is None else found.decode("utf-8", "replace")

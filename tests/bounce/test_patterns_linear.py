"""Every pattern that sees hostile text: eight times the text must not cost the square of that.

Regular expressions of Python's are safe by their bounds and possessive quantifiers only, so each is fed what its own
words invite: its literals, its separators, repeated.  Only clear growth fails: a slow machine must not.
"""

import importlib
import pkgutil
import re
from pathlib import Path
from time import process_time

import pytest

from reputon import bounce, mail

LINE = 8 << 10  # what hostile lines and texts are long; their bound is 64 KiB
GROWTH, SECONDS = 40, 0.3  # 8 is linear, 64 is quadratic

# Where a pattern is only given less than a line, the number of characters is what its caller cuts to.
CUT = {
    "reputon.bounce.reply": 8192,  # LENGTH, twice; and the text in which a phase is sought
    "reputon.bounce.removal": 2048,  # dialects.LENGTH
    "reputon.bounce.naming": 2048,
    "reputon.bounce.addresses": 2048,
    "reputon.bounce.signs": 8192,
    "reputon.bounce.judge": 8192,
    "reputon.bounce.dialects.reading": 4096,  # our own files
}


SOURCES = "".join(
    path.read_text("utf-8") for package in (bounce, mail) for path in sorted(Path(package.__path__[0]).rglob("*.py"))
)


def _is_anchored(name):
    """Whether a pattern is only asked what stands at one place."""
    called = set(re.findall(rf"\b{name}\.(match|fullmatch|search|finditer|findall|sub|split)\b", SOURCES))
    return bool(called) and called <= {"match", "fullmatch"}


def _modules():
    for package in (bounce, mail):
        for each in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            yield importlib.import_module(each.name)


def _patterns():
    for module in _modules():
        for name, value in vars(module).items():
            found = value if isinstance(value, (tuple, list)) else [value]
            if isinstance(value, dict):
                found = [each for row in value.values() if isinstance(row, tuple) for each in row]
                found = [part for each in found for part in (each if isinstance(each, tuple) else (each,))]
            for number, each in enumerate(found):
                if isinstance(each, re.Pattern):
                    yield f"{module.__name__}.{name}.{number}", module.__name__, each


PATTERNS = {name: (module, pattern) for name, module, pattern in _patterns()}


def _literals(pattern):
    """The words that a pattern spells out, which begin its closer looks; and separators that any may repeat."""
    words = re.sub(r"\\[dDwWsSbBAZ]|\(\?[a-zA-Z]*[:=!>]|\(\?P<\w+>|\(\?<[=!]|\{[\d,]*\}", "\0", pattern)
    words = re.sub(r"\[[^\]]*\]", "\0", words)
    words = re.sub(r"\\(.)", r"\1", words)
    found = [each for each in re.split(r"[\0|()?*+.^$]+", words) if each]
    return list(dict.fromkeys(found))[:12]


def _texts(pattern):
    text = pattern.pattern if isinstance(pattern.pattern, str) else pattern.pattern.decode("latin-1")
    words = _literals(text)
    units = [*words, "a", " ", "\n", "<", "=", '"', "'", "\\", "&#", "a.", "1.", "1:", "a@", "a-", "a:\n", "a=", ";a=",
             "; ",
             ", ", "=?a?q?", "\n ", "\n\n", "\r\n", "4.4.4 ", "550 ", "550-", ">", "(", "[", "host a",
             "> ", "From ", "--a\n"]  # fmt: skip
    units += [f"{word}{separator}" for word in words for separator in (" ", "a", "5", ", ")]
    for unit in dict.fromkeys(units):
        yield unit, unit
    for word in words:  # what begins like a fit, and then goes on with one character
        for unit in ("a", " ", "a ", ", ", "5", "\\", "a."):
            yield f"{word} + {unit}", (word, unit)
    joined = "".join(words)
    yield "all", joined or "a"


def _of(unit, length):
    if isinstance(unit, tuple):
        return (unit[0] + unit[1] * (length // len(unit[1])))[:length]
    return (unit * (length // len(unit) + 1))[:length]


def _cost(pattern, text, *, anchored=False):
    given = text.encode("utf-8", "replace") if isinstance(pattern.pattern, bytes) else text
    started = process_time()
    if anchored:
        pattern.match(given)
    else:
        for _ in pattern.finditer(given):
            pass
    return process_time() - started


@pytest.mark.parametrize("name", PATTERNS)
def test_a_pattern_takes_linear_time(name):
    module, pattern = PATTERNS[name]
    most = min(LINE, CUT.get(module, LINE))
    anchored = _is_anchored(name.split(".")[-2])
    for what, unit in _texts(pattern):
        cost = _cost(pattern, _of(unit, most), anchored=anchored)
        if cost > SECONDS:
            less = _cost(pattern, _of(unit, most // 8), anchored=anchored)
            assert cost < GROWTH * max(less, 1e-4), f"{what!r} * {most}: {cost:.2f} s, an eighth of it: {less:.4f} s"


def test_there_are_patterns_to_try():
    assert len(PATTERNS) > 60

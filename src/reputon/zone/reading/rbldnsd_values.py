"""Values of rbldnsd: `:address:text`, and the templates that variables are put into."""

from collections.abc import Mapping

from reputon.zone.content import LONGEST_TEXT, ContentError
from reputon.zone.reading.prefixes import DIGITS

Pair = tuple[str, str]  # an A record, and the template as the file has it (empty: no TXT)
PLAIN: Pair = ("127.0.0.2", "")


def pair(text: str, default: Pair) -> Pair:
    """What the text after an entry says, or a line of default values; no space is around it.

    `:code`, `:code:`, `:code:text` or `text`; what is missing comes from `default`.  Raises ContentError.
    """
    if not text.startswith(":"):
        return default[0], sound(text) if text else default[1]
    number, colon, rest = text[1:].partition(":")
    code = _code(number.rstrip(" \t"))
    return code, sound(rest.lstrip(" \t")) if colon else default[1]


def template(text: str, variables: Mapping[str, str]) -> str:
    """The template that a zone's content has, where `$` is the address or name, `$$` a dollar, and nothing else is.

    `variables` has digits, and `=` for the base template.  What a variable holds is not looked into again, as rbldnsd
    does not.  Raises ContentError where the outcome cannot be said.
    """
    if text.startswith("="):
        return _filled(text[1:], text[1:], variables)
    if base := variables.get("=", ""):
        return _filled(base, text, variables)
    return _filled(text, text, variables)


def sound(text: str) -> str:
    """A text that can be in a TXT record; raises ContentError."""
    if len(text) > 4 * LONGEST_TEXT:  # what is put together from it is bounded again
        raise ContentError(f"a text of more than {4 * LONGEST_TEXT} characters: shorten it")
    if not text.isprintable():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise ContentError("the text is not UTF-8: write the file in UTF-8") from None
        if any((each < " " and each != "\t") or each == "\x7f" for each in text):
            raise ContentError("the text has control characters: write what can be printed")
    return text


def _filled(text: str, own: str, variables: Mapping[str, str]) -> str:
    made, *parts = text.split("$")
    while parts:
        part = parts.pop(0)
        if not part and parts:  # `$$`
            made = _joined(made, "$$" + parts.pop(0))
        elif part.startswith("="):
            made = _joined(made, (_literal(own) or "$") + part[1:])
        elif part[:1] and part[0] in DIGITS:
            made = _joined(made, _literal(variables.get(part[0], "$" + part[0])) + part[1:])
        else:
            made = _joined(made, "$" + part)
    return _joined(made, "")


def _joined(head: str, tail: str) -> str:
    """Both; whether the dollars at the end of `head` are all pairs tells whether its last is the address."""
    if tail.startswith("$") and (len(head) - len(head.rstrip("$"))) % 2:
        raise ContentError("`$` for the address followed by a dollar cannot be said: put a space between them")
    if len(head) + len(tail.encode()) > LONGEST_TEXT:
        raise ContentError(f"a text of more than {LONGEST_TEXT} bytes: shorten it, or what it is put into")
    return head + tail


def _literal(text: str) -> str:
    return text.replace("$", "$$")


def _code(text: str) -> str:
    """An A record; an octet alone is of 127.0.0.0/24, and octets missing in the middle are 0 (inet_aton)."""
    octets = text.split(".")
    sound = len(octets) <= 4 and all(each and len(each) < 9 and not each.strip(DIGITS) for each in octets)
    numbers = [int(each) for each in octets] if sound else [0]
    if max(numbers) > 255 or not any(numbers):
        raise ContentError(f"{text[:40]!r} is no A record: write :127.0.0.2: or :2: before the text")
    first = numbers[:-1] if len(numbers) > 1 else [127]
    return ".".join(map(str, [*first, *[0] * (3 - len(first)), numbers[-1]]))

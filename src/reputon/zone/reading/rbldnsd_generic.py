"""Generic records of rbldnsd: a simple kind of zone file, one record on a line."""

from reputon.zone.content import ContentError, Record
from reputon.zone.reading.master import quoted
from reputon.zone.reading.prefixes import DIGITS, name, prefix4, text4
from reputon.zone.reading.rbldnsd_specials import seconds
from reputon.zone.reading.rbldnsd_values import sound

_SHAPE = "write NAME [TTL] A|TXT|MX VALUE, with @ as the name of the zone"


def record(line: str, ttl: int, longest: int) -> Record:
    """The record of a line; `ttl` where it says none, in seconds, `longest` as for names; raises ContentError."""
    owner, _, rest = line.replace("\t", " ").partition(" ")
    word, _, after = rest.lstrip(" ").partition(" ")
    if word[:1] and word[0] in DIGITS:
        ttl = seconds(word) or ttl
        word, _, after = after.lstrip(" ").partition(" ")
    if word.lower() == "in":
        word, _, after = after.lstrip(" ").partition(" ")
    owner = "" if owner == "@" else name(owner, longest)
    return Record(owner, word.upper(), ttl, _data(word.upper(), after.strip(" ")))


def _data(rdtype: str, text: str) -> str:
    if rdtype == "A":
        text = text.partition(";")[0].partition("#")[0].rstrip(" ")
        address, length = prefix4(text)
        if length != 32 or "/" in text:
            raise ContentError(f"{text[:40]!r} is no address: write four octets")
        return text4(address, 32)
    if rdtype == "TXT":
        inner = text[1:-1] if len(text) > 1 and text.startswith('"') and text.endswith('"') else text
        return quoted(sound(inner))
    words = text.split()
    if (
        rdtype == "MX"
        and len(words) == 2
        and len(words[0]) < 6
        and not words[0].strip(DIGITS)
        and int(words[0]) < 65536
    ):
        return f"{int(words[0])} {name(words[1])}."
    raise ContentError(f"no record that can be served: {_SHAPE}")

"""Keys: a TSIG key as `tsig-keygen` and `keymgr -t` write it, so that no secret stands in a configuration."""

import base64
import binascii

from reputon.zone.transfer.signing import Key

LONGEST = 64 << 10  # bytes of a file
_WORDS = {"key": "name", "id": "name", "algorithm": "algorithm", "secret": "secret"}

_SHORTEST = 16  # bytes of a secret (RFC 8945 section 9.2 wants as many as its digest has)


def parse_keys(text: str) -> tuple[Key, ...]:
    """The keys of a file; ValueError, which never shows a secret.

    BIND's form: `key "NAME" { algorithm hmac-sha256; secret "BASE64"; };`.  Knot's and NSD's: a line for each of `id:`
    or `name:`, `algorithm:` and `secret:`.
    """
    if len(text) > LONGEST:
        raise ValueError("this is no file of keys: it is too long")
    found: list[dict[str, str]] = []
    words = iter(_words(text))
    for word in words:
        meaning = _WORDS.get(word.rstrip(":"), "name" if word == "name:" else "")
        if not meaning or word == "key:":
            continue
        value = next(words, "")
        if meaning == "name":
            found.append({})
        if not found or meaning in found[-1]:
            raise ValueError("a key has a name first, then one algorithm and one secret: write it as tsig-keygen does")
        found[-1][meaning] = value
    if not found:
        raise ValueError("there is no key here: make one with `tsig-keygen NAME`")
    return tuple(_key(each) for each in found)


def _words(text: str) -> list[str]:
    """Without comments and punctuation."""
    lines = (_without_comment(line) for line in text.splitlines())
    plain = " ".join(lines)
    for each in '{};"':
        plain = plain.replace(each, " ")
    return [word for word in plain.split() if word != "-"]


def _without_comment(line: str) -> str:
    """A secret may have `//` in it: a comment begins a line, or comes after a space."""
    for mark in ("#", "//"):
        if line.lstrip().startswith(mark):
            return ""
        line = line.partition(f" {mark}")[0]
    return line


def _key(said: dict[str, str]) -> Key:
    name = said["name"].rstrip(".").lower()
    if "algorithm" not in said or "secret" not in said:
        raise ValueError(f"the key {name[:80]!r} lacks its algorithm or its secret: write it as tsig-keygen does")
    try:
        secret = base64.b64decode(said["secret"], validate=True)
    except (binascii.Error, ValueError):
        raise ValueError(f"the secret of the key {name[:80]!r} is not base64") from None
    if len(secret) < _SHORTEST:
        raise ValueError(
            f"the secret of the key {name[:80]!r} has less than {_SHORTEST} bytes: make one with tsig-keygen"
        )
    return Key(name, said["algorithm"].rstrip(".").lower(), secret)

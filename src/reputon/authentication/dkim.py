"""DKIM: the signatures of a message (RFC 6376), verified where the message is whole, and the keys they name.

A bounce often brings back the header alone.  A body hash cannot be verified then: such a signature is `unverifiable`,
with its reason, and never failed.
"""

import base64
import binascii
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Literal

from reputon.authentication.faults import Fault, shown
from reputon.resolver import Question, Resolver
from reputon.subject import SubjectError
from reputon.subject import domain as parse_domain

SIGNATURES = 10  # of one message that are looked at
FIELD = 8192  # characters of a signature field
MESSAGE = 4 << 20  # bytes of a message that is verified
RECORD = 8192  # characters of a key record
SHORT, LARGE = 1024, 8192  # bits of an RSA key: shorter ones count for nothing (RFC 8301), longer ones cost time

Result = Literal["pass", "fail", "permerror", "temperror", "unverifiable"]
Presence = Literal["present", "missing", "revoked", "invalid", "unknown"]


@dataclass(frozen=True, slots=True)
class Key:
    """The key that a selector names: `bits` of an RSA key, `algorithm`, whether it is only for tests (`t=y`)."""

    domain: str
    selector: str
    state: Presence
    algorithm: str = ""
    bits: int | None = None
    testing: bool = False
    why: str = ""

    @property
    def name(self) -> str:
        """Where its record lies."""
        return f"{self.selector}._domainkey.{self.domain}"

    @property
    def faults(self) -> tuple[Fault, ...]:
        """What is wrong with it."""
        at = f"DKIM key at {self.name}"
        words, remedy = {
            "missing": (f"there is no {at}", "publish the key that your provider shows"),
            "revoked": (f"the {at} is revoked (empty p=)", "sign by another selector"),
            "invalid": (f"the {at} cannot be used: {self.why}", "publish it again"),
        }.get(self.state, ("", ""))
        found = [Fault(f"dkim-{self.state}", self.name, words, remedy)] if words else []
        if self.bits is not None and self.bits < SHORT:
            found.append(Fault("dkim-short", self.name, f"the {at} has {self.bits} bits: receivers "
                               f"ignore signatures by fewer than {SHORT}", "make a new key of 2048 bits"))  # fmt: skip
        if self.testing:
            found.append(Fault("dkim-testing", self.name, f"the {at} is marked as a test (t=y)",
                               "remove t=y once signing works", "note"))  # fmt: skip
        return tuple(found)


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature: its result for `domain`, why, and the key it names (None where it names none)."""

    result: Result
    domain: str
    selector: str
    why: str
    key: Key | None = None


def keys(pairs: Iterable[tuple[str, str]], resolver: Resolver) -> tuple[Key, ...]:
    """The keys of (domain, selector) pairs, asked at once."""
    wanted = list(dict.fromkeys(pairs))
    answers = resolver.ask([Question(f"{selector}._domainkey.{domain}", "TXT") for domain, selector in wanted])
    found = []
    for (domain, selector), answer in zip(wanted, answers, strict=True):
        if not answer.is_known:
            found.append(Key(domain, selector, "unknown", why=answer.why))
        elif not answer.records:
            found.append(Key(domain, selector, "missing"))
        else:
            found.append(parse_key(domain, selector, answer.records[0]))
    return tuple(found)


def parse_key(domain: str, selector: str, record: str) -> Key:
    """What a key record says (RFC 6376 section 3.6.1).  Never raises."""
    tags = _tags(record[:RECORD])
    algorithm = tags.get("k", "rsa").lower()
    made = Key(domain, selector, "invalid", algorithm, testing="y" in tags.get("t", "").lower().split(":"))
    if len(record) > RECORD or tags.get("v", "DKIM1") != "DKIM1" or "p" not in tags:
        return replace(made, why="it is no key record")
    data = "".join(tags["p"].split())
    if not data:
        return replace(made, state="revoked")
    if algorithm == "ed25519":
        is_key = len(_decoded(data)) == 32
        return replace(made, state="present") if is_key else replace(made, why="no Ed25519 key")
    if algorithm != "rsa":
        return replace(made, why=f"unknown algorithm {shown(algorithm)}")
    bits = _rsa_bits(_decoded(data))
    if bits is None or bits > LARGE:
        return replace(made, why="its p= is no RSA key" if bits is None else f"{bits} bits are too many")
    return replace(made, state="present", bits=bits)


def of_headers(headers: Iterable[tuple[str, str]], resolver: Resolver) -> tuple[Signature, ...]:
    """The signatures of a header that came back without its message: only what their keys show can be said."""
    found = [_named(value) for name, value in headers if name.lower() == "dkim-signature"][:SIGNATURES]
    named = {(each.domain, each.selector): each for each in found if each.result == "unverifiable"}
    known = {(key.domain, key.selector): key for key in keys(named, resolver)}
    return tuple(_with_key(each, known.get((each.domain, each.selector))) for each in found)


def verify(message: bytes, resolver: Resolver) -> tuple[Signature, ...]:
    """Verify the signatures of a whole message; the domain and selector of each, and why it fails.

    MailError where it is no mail; nothing was asked then.
    """
    from reputon.mail.mime import Part

    verifier = _verifier(message) if len(message) <= MESSAGE else None
    found = of_headers(Part(message.replace(b"\r\n", b"\n")).fields, resolver)
    if verifier is None:
        return tuple(replace(each, why=f"the message is larger than {MESSAGE >> 20} MiB") if
                     each.result == "unverifiable" else each for each in found)  # fmt: skip
    return tuple(_verified(verifier, at, each, resolver) for at, each in enumerate(found))


def _verifier(message: bytes) -> Any:
    import dkim

    from reputon.mail.mime import MailError

    try:
        verifier = dkim.DKIM(message, minkey=SHORT)
    except dkim.DKIMException as error:
        raise MailError(shown(str(error), 160)) from None
    except IndexError:  # dkimpy looks for the field that the first line goes on with
        raise MailError("its first line begins with a space, and continues no field") from None
    if not verifier.headers:
        raise MailError("it has no header field")
    return verifier


def _verified(verifier: Any, at: int, signature: Signature, resolver: Resolver) -> Signature:
    import dkim

    if signature.result != "unverifiable" or signature.key is None or signature.key.algorithm != "rsa":
        return signature

    def lookup(name: bytes, timeout: float = 0) -> bytes:  # noqa: ARG001 - dkimpy's signature
        (answer,) = resolver.ask([Question(name.decode("ascii", "replace").rstrip("."), "TXT")])
        return "".join(answer.records[:1]).encode("ascii", "replace")

    try:
        passed = verifier.verify(at, lookup)
    except (dkim.DKIMException, ValueError, IndexError, KeyError, TypeError) as error:
        why = shown(str(error), 160)
        if "x= value is past" in why:  # it was valid when it was sent, for all we know
            return replace(signature, why="the signature has expired since")
        return replace(signature, result="fail" if "body hash" in why else "permerror", why=why)
    return replace(signature, result="pass" if passed else "fail", why="verified" if passed else "wrong signature")


def _named(value: str) -> Signature:
    tags = _tags(value) if len(value) <= FIELD else {}
    selector = tags.get("s", "").lower()
    try:
        domain = parse_domain(tags.get("d", ""))
        parse_domain(f"{selector}.{domain}" if selector else "")
    except SubjectError:
        names = shown(tags.get("d", "")), shown(selector)
        return Signature("permerror", *names, "the field names no domain and selector")
    return Signature("unverifiable", domain, selector, "only the header came back, and the body is signed too")


def _with_key(signature: Signature, key: Key | None) -> Signature:
    if key is None:
        return signature
    if key.state == "unknown":
        return replace(signature, result="temperror", why=f"TXT {key.name}: {key.why}", key=key)
    grave = [fault.words for fault in key.faults if fault.weight == "fault"]
    if grave:
        return replace(signature, result="permerror", why=grave[0], key=key)
    why = "Ed25519 is not verified here" if key.algorithm == "ed25519" else signature.why
    return replace(signature, key=key, why=why)


def _tags(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in text.split(";"):
        name, separator, value = part.partition("=")
        if separator:
            found.setdefault(name.strip(), value.strip())
    return found


def _decoded(data: str) -> bytes:
    try:
        return base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError):
        return b""


def _rsa_bits(data: bytes) -> int | None:
    import dkim.crypto
    import dkim.util

    try:
        return int(dkim.crypto.parse_public_key(data)["modulus"]).bit_length()
    except (dkim.crypto.UnparsableKeyError, ValueError, IndexError, KeyError, TypeError):
        return None

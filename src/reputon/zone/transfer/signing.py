"""Signing: TSIG (RFC 8945): whether a query was signed by a key that we know, and the signatures of our answers."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import dns.exception
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.tsig
from dns.rdtypes.ANY.TSIG import TSIG

NOTAUTH, BADSIG, BADKEY, BADTIME = 9, 16, 17, 18
FUDGE = 300  # seconds that clocks may differ (RFC 8945 section 10)
ALGORITHMS = ("hmac-sha256", "hmac-sha384", "hmac-sha512", "hmac-sha224", "hmac-sha1")


@dataclass(frozen=True, slots=True)
class Key:
    """A secret that a secondary shares with us, and its name."""

    name: str
    algorithm: str
    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if self.algorithm not in ALGORITHMS:
            known = ", ".join(ALGORITHMS)
            raise ValueError(f"the key {self.name} has the algorithm {self.algorithm[:40]!r}: write one of {known}")
        if not self.secret:
            raise ValueError(f"the key {self.name} has no secret: make one with tsig-keygen")

    def for_dns(self) -> dns.tsig.Key:
        """As dnspython has it."""
        return dns.tsig.Key(dns.name.from_text(self.name.lower()), self.secret, dns.name.from_text(self.algorithm))


@dataclass(frozen=True, slots=True)
class Signed:
    """What the signature of a query came to: the key that made it, or the error that its answer must tell."""

    key: dns.tsig.Key | None = field(repr=False)
    tsig: TSIG
    owner: dns.name.Name
    error: int = 0

    @property
    def name(self) -> str:
        """The key's name, in lower case without a last dot; empty where the signature was not right."""
        return "" if self.error else self.owner.to_text(omit_final_dot=True).lower()


def checked(message: dns.message.Message, raw: bytes, keys: Mapping[str, Key], now: int) -> Signed | None:
    """What is to be said of a query's signature (RFC 8945 section 5.2); None: it has none.

    `message` was read with the keyring `False`, by which dnspython does not look at the signature.
    """
    if message.tsig is None:
        return None
    owner, tsig = message.tsig.name, message.tsig[0]
    assert isinstance(tsig, TSIG)
    known = keys.get(owner.to_text(omit_final_dot=True).lower())
    if known is None:
        return Signed(None, tsig, owner, BADKEY)
    key = known.for_dns()
    start = len(raw) - len(_record(owner, tsig))
    try:
        dns.tsig.validate(raw, key, owner, tsig, now, b"", start)  # type: ignore[no-untyped-call]
    except dns.tsig.BadTime:
        return Signed(key, tsig, owner, BADTIME)
    except (dns.tsig.BadKey, dns.tsig.BadAlgorithm):
        return Signed(None, tsig, owner, BADKEY)
    except dns.exception.DNSException:
        return Signed(None, tsig, owner, BADSIG)
    return Signed(key, tsig, owner)


def signed(messages: Iterable[bytes], by: Signed | None, clock: Callable[[], float]) -> Iterator[bytes]:
    """The messages of one answer, each with its signature where the query had one (RFC 8945 section 5.3.1)."""
    context = None
    for number, message in enumerate(messages):
        if by is None:
            yield message
        elif by.key is None:
            yield _with(message, by.owner, _blank(by))
        else:
            # The time is in the signature: a transfer may take longer than the fudge, each message does not.
            blank = _blank(by, int(clock()))
            mac = by.tsig.mac if number == 0 else None
            tsig, context = dns.tsig.sign(message, by.key, blank, blank.time_signed, mac, context, True)  # type: ignore[no-untyped-call]
            yield _with(message, by.owner, tsig)


def _blank(by: Signed, now: int = 0) -> TSIG:
    """A TSIG without a signature; one that tells of a wrong time says ours (RFC 8945 section 5.2.3)."""
    is_late = by.error == BADTIME
    other = now.to_bytes(6, "big") if is_late else b""
    time = by.tsig.time_signed if is_late or not now else now
    head = dns.rdataclass.ANY, dns.rdatatype.TSIG, by.tsig.algorithm, time, FUDGE, b""
    return TSIG(*head, by.tsig.original_id, by.error, other)  # type: ignore[no-untyped-call]


def _with(message: bytes, owner: dns.name.Name, tsig: TSIG) -> bytes:
    count = int.from_bytes(message[10:12], "big") + 1
    return b"".join((message[:10], count.to_bytes(2, "big"), message[12:], _record(owner, tsig)))


def _record(owner: dns.name.Name, tsig: TSIG) -> bytes:
    data = tsig.to_wire()
    assert data is not None
    return b"".join((owner.to_digestable(), b"\0\xfa\0\xff\0\0\0\0", len(data).to_bytes(2, "big"), data))

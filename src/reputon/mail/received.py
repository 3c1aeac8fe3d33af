"""Received: which address a host took a message from, as it wrote it above the message (RFC 5321 section 4.4)."""

from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from reputon.mail import date

LENGTH = 2000  # characters of a field that are read

Address = IPv4Address | IPv6Address

# Only hosts of one's own network are seen at these, whatever wrote the field (RFC 1918, RFC 4193, RFC 6598).
_INNER = tuple(
    ip_network(text)
    for text in ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16",
                 "::1/128", "fc00::/7", "fe80::/10")
)  # fmt: skip
_CLAIMS = ("helo=", "ehlo=", "ident=", "port=")  # what Exim writes of the client beside its address
_LOCAL = ("lmtp", "local")  # how mail is handed on within a host or from host to mailbox (RFC 2033)
_LOGGED_IN = frozenset(("esmtpa", "esmtpsa", "utf8smtpa", "utf8smtpsa", "asmtp"))
_OPENS = ("(helo", "(ehlo")  # and qmail


@dataclass(frozen=True, slots=True)
class Hop:
    """One field: `by` whom it was written, the `address` it came from, and when (UTC).

    `is_taken`: from another host, by SMTP; `is_submitted`: by somebody who logged in (RFC 3848).
    """

    by: str | None
    address: Address | None
    time: datetime | None
    is_taken: bool
    is_submitted: bool


def parse(value: str) -> Hop:
    """What a field says.  What the client said of itself (its HELO) is never taken for its address."""
    given, _, time = value[:LENGTH].rpartition(";")
    words = (given or time).split()
    is_from = bool(words) and words[0].lower() == "from"
    start = 2 if is_from else 0  # somebody may call himself `by`
    at = next((n for n, word in enumerate(words[start:], start) if word.lower() == "by"), len(words))
    by = words[at + 1].strip("[]();").rstrip(".").lower() if at + 1 < len(words) else None
    rest = [word.lower() for word in words[at:]]
    protocol = rest[rest.index("with") + 1] if "with" in rest[:-1] else ""
    return Hop(
        by, _address(words[1:at]) if is_from else None, date.of_mail(time) if given else None,
        is_from and not protocol.startswith(_LOCAL), protocol in _LOGGED_IN,
    )  # fmt: skip


def address(text: str) -> Address | None:
    """An address as mail writes it: `192.0.2.1`, `[192.0.2.1]:25`, `[IPv6:2001:db8::1]`; None for what is none."""
    inner = text.partition("[")[2].partition("]")[0] if "[" in text else text
    inner = inner[5:] if inner[:5].lower() == "ipv6:" else inner
    try:
        found = ip_address(inner)
    except ValueError:
        return None
    return found.ipv4_mapped or found if isinstance(found, IPv6Address) else found


def is_inner(found: Address) -> bool:
    """Whether an address lies in a network that has no senders outside: loopback, private, link-local."""
    return any(found in network for network in _INNER if network.version == found.version)


def _address(words: list[str]) -> Address | None:
    """The last address within parentheses, which the server writes; else a bare one in brackets (Exim)."""
    written = _written(words[1:])
    for word in reversed(written):
        if (found := address(word.strip("(),").rpartition("@")[2])) is not None:
            return found
    # Where Exim has no name for the client, it writes the address itself; others have the client's HELO here.
    return address(words[0]) if words and words[0].startswith("[") and not written else None


def _written(words: list[str]) -> list[str]:
    """The words in parentheses, without those that repeat what the client said of itself."""
    kept, depth, is_claim = list[str](), 0, False
    for word in words:
        is_claim = is_claim or word.lower() in _OPENS
        depth += word.count("(")
        if depth > 0 and not is_claim and not word.lower().lstrip("(").startswith(_CLAIMS):
            kept.append(word)
        depth = max(0, depth - word.count(")"))
        is_claim = is_claim and depth > 0
    return kept

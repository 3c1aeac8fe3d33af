"""The lists that real clients ask: several codes, an exclusion, an IPv6 /64, names."""

import dns.reversename

BL, DOM = "bl.reputon.test", "dom.bl.reputon.test"
UNSERVED = "unserved.test"  # refused by our server: mail must pass

HEAD = """\
$SOA 300 ns.reputon.test. hostmaster.reputon.test. 1 600 300 86400 60
$NS 300 ns.reputon.test.
$TTL 300
"""

V4 = f"""{HEAD}
:127.0.0.2:Reputon lists $ for its score, see https://reputon.test/$
127.0.0.2
192.0.2.66
192.0.2.70 :127.0.0.3:Reputon saw $ mail a trap
192.0.2.71 :127.0.0.4:Reputon saw malware from $
192.0.2.72
192.0.2.72 :127.0.0.4:Reputon saw malware from $
198.51.100.0/24
!198.51.100.25
"""

V6 = f"""{HEAD}
:127.0.0.2:Reputon lists $ for its score, see https://reputon.test/$
::ffff:7f00:2
2001:db8:66:1::/64
!2001:db8:66:1:2:3:4:25
"""

NAMES = f"""{HEAD}
$DATASET dnset dom
:127.0.0.2:Reputon lists the domain $
test
bad.example
.worse.example
"""

LISTS = {"ip4set": V4, "ip6trie": V6, "combined": NAMES}

LISTED = ("192.0.2.66", "198.51.100.7", "2001:db8:66:1:2:3:4:7", "127.0.0.2")
PASSED = ("192.0.2.1", "198.51.100.25", "2001:db8:66:1:2:3:4:25", "2001:db8:66:2:2:3:4:7", "127.0.0.1")
CODED = ("192.0.2.70", "192.0.2.71", "192.0.2.72")
CLIENTS = [each for each in (*LISTED, *PASSED, *CODED) if not each.startswith("127.")]


def name(address: str, origin: str = BL) -> str:
    """The name that stands for an address in a list."""
    labels = dns.reversename.from_address(address).labels[:-3]
    return ".".join(label.decode() for label in labels) + f".{origin}"


def text(address: str) -> str:
    """What our TXT record says of a client that is listed for its score."""
    return f"Reputon lists {address} for its score, see https://reputon.test/{address}"

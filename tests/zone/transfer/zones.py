"""Small zones for transfers, and settings for loopback."""

from ipaddress import ip_network

from reputon.zone.content import Content, Covers, Record, Soa, Value
from reputon.zone.dump.blocks import zone_blocks
from reputon.zone.dump.named import zone_names
from reputon.zone.dump.records import said_by
from reputon.zone.table import compile_zones
from reputon.zone.transfer.items import Wordings, of_blocks, of_name
from reputon.zone.transfer.settings import Secondary, Transfers, TransferSettings
from reputon.zone.transfer.signing import Key

APEX = "bl.example"
KEY = Key("secondaries", "hmac-sha256", b"0123456789abcdef0123456789abcdef")
OTHER_KEY = Key("others", "hmac-sha512", b"fedcba9876543210fedcba9876543210")
LOOPBACK = (ip_network("127.0.0.0/8"),)


def content(serial, addresses=()):
    """A zone with an address, a prefix with an exception, IPv6, and what is given."""
    made = Content(APEX, Soa("ns1.example", "hostmaster@example", serial), ("ns1.example", "ns2.example"))
    value = made.value_of(Value(("127.0.0.2", "127.0.0.9"), ("listed: see https://list.example/$", "costs $$5")))
    plain = made.value_of(Value(("127.0.0.3",)))
    dataset = made.dataset()
    dataset.add4(0x7F000002, 32, value)
    dataset.add4(0xC6336400, 24, value)
    dataset.add4(0xC6336407, 32, 0)
    dataset.add4(0xCB007100, 25, plain)
    dataset.add6(0xFFFF7F000002, 128, value)
    dataset.add6(0x20010DB8 << 96, 61, value)
    for address in addresses:
        dataset.add4(address, 32, value)
    made.records.append(Record("www", "A", 600, "192.0.2.80"))
    return made


def names(serial, bad=("example.com", "a.b.example.net"), good=("good.example.com",), code="127.0.0.2"):
    """A zone of names."""
    made = Content("dom.example", Soa("ns1.example", "hostmaster@example", serial), ("ns1.example",))
    value = made.value_of(Value((code,), ("listed: $ " + "x" * 300,)))
    dataset = made.dataset()
    for name in bad:
        dataset.add_name(name, Covers.BOTH, value)
    for name in good:
        dataset.add_name(name, Covers.BOTH, 0)
    return made


def tables(*contents):
    """One table for each."""
    return [compile_zones([each]) for each in contents]


def records(table, row=0):
    """(owner, record) of a zone without its SOA, one by one."""
    wording = Wordings(said_by(table, row))
    items = [item for named in zone_names(table, row, table.made) for item in of_name(named, wording, 300)]
    items += [item for blocks in zone_blocks(table, row, table.made) for item in of_blocks(blocks, wording)]
    return sorted((owner, each) for owner, said in items for each in said)


def settings(clients=LOOPBACK, keys=(), notify=(), **more):
    """Transfers of every zone."""
    told = tuple(Secondary("127.0.0.1", *each) for each in notify)
    return TransferSettings({"*": Transfers(clients, keys, told)}, (KEY, OTHER_KEY), **more)

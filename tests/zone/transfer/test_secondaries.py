"""Real NSD and real Knot behind the primary: they take the zones, follow the changes, and answer as we do."""

import base64
import random
from contextlib import ExitStack
from dataclasses import replace

import pytest
from tests.servers.secondaries import Knot, Nsd
from tests.zone.transfer.naive import Kernel
from tests.zone.transfer.serving import serving
from tests.zone.transfer.zones import APEX, KEY, content, names, settings

from reputon.zone.table import compile_zones
from reputon.zone.transfer.signing import Key

pytestmark = [pytest.mark.server, pytest.mark.heavy]
KINDS = pytest.mark.parametrize("kind", [Nsd, Knot], ids=["nsd", "knot"])
NAMES = "dom.example"


def table(serial, first=0, last=3000):
    addresses = [0x0A000000 + 5 * each for each in range(first, last)]
    bad = ["example.com", "a.b.example.net", *(f"bad{serial}-{each}.example.org" for each in range(20))]
    return compile_zones([content(serial, addresses), names(serial, bad)])


def questions(count):
    rng = random.Random(6)
    for _ in range(count):
        base = rng.choice((0x0A000000, 0xC6336400, 0xCB007100, 0x7F000000, rng.getrandbits(32)))
        address = base + rng.choice((rng.randrange(300), rng.randrange(20_000)))
        yield 0, ".".join(str(address >> shift & 255) for shift in (0, 8, 16, 24))
        address = (0x20010DB8 << 96) + (rng.randrange(16) << 64) + rng.getrandbits(64)
        yield 0, ".".join(reversed(f"{address:032x}"))
        name = rng.choice(("example.com", "good.example.com", "b.example.net", "a.b.example.net", "bad2-7.example.org"))
        yield 1, rng.choice(("", "x.", "y.x.")) + name


def agree(secondary, table, count):
    kernel = Kernel(table)
    for row, labels in questions(count):
        answer = secondary.ask(f"{labels}.{table.zones[row].apex}")
        codes = {each.to_text() for rrset in answer.answer for each in rrset}
        assert codes == kernel.codes(row, labels), labels


@KINDS
@pytest.mark.parametrize("signed", [True, False], ids=["signed", "unsigned"])
def test_axfr_then_ixfr_after_notify(kind, signed, tmp_path):
    first, second = table(1), table(2, 50, 3020)
    allowed = settings(keys=(KEY.name,) if signed else ())
    with (
        serving(first, allowed) as server,
        kind(tmp_path / kind.name, server.port, (APEX, NAMES), signed) as secondary,
    ):
        for apex in (APEX, NAMES):
            secondary.wait_for(apex, 1)
        agree(secondary, first, 100)
        server.tell(secondary.port, KEY.name if signed else "")
        whole, server.sent = server.sent, 0
        server.publish(second)
        for apex in (APEX, NAMES):
            secondary.wait_for(apex, 2)
        assert server.sent < whole / 5
        agree(secondary, second, 300)


@KINDS
def test_a_wrong_secret_is_refused(kind, tmp_path):
    wrong = base64.b64encode(b"another secret, of other thirty.").decode()
    with (
        serving(table(1), settings(keys=(KEY.name,))) as server,
        kind(tmp_path / "wrong", server.port, (APEX,), secret=wrong) as secondary,
    ):
        server.wait_asked()
        with pytest.raises(AssertionError):
            secondary.wait_for(APEX, 1, wait=3)


@KINDS
def test_an_unknown_key_is_refused(kind, tmp_path):
    others = replace(settings(), keys=(Key("somebody", KEY.algorithm, KEY.secret),))
    with (
        serving(table(1), others) as server,
        kind(tmp_path / "unknown", server.port, (APEX,)) as secondary,
    ):
        server.wait_asked()
        with pytest.raises(AssertionError):
            secondary.wait_for(APEX, 1, wait=3)


@KINDS
def test_a_restarted_primary_goes_on_with_ixfr(kind, tmp_path):
    first, second, third = table(1), table(2, 50, 3020), table(3, 60, 3040)
    allowed, kept = settings(keys=(KEY.name,)), tmp_path / "journal"
    with ExitStack() as stack:
        with serving(first, allowed, kept) as server:
            port = server.port
            secondary = stack.enter_context(kind(tmp_path / kind.name, port, (APEX, NAMES)))
            for apex in (APEX, NAMES):
                secondary.wait_for(apex, 1)
            whole = server.sent
            server.publish(second)
        with serving(second, allowed, kept, port) as again:
            again.tell(secondary.port, KEY.name)
            again.publish(third)
            for apex in (APEX, NAMES):
                secondary.wait_for(apex, 3)
            assert again.sent < whole / 5
            agree(secondary, third, 100)

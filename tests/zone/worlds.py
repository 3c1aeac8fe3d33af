"""Worlds: zones of a seed, and questions to them by the thousand, put to both kernels and to the oracle."""

import random
from collections import Counter

from tests.zone import making
from tests.zone.asking import Kernels, check
from tests.zone.oracle import Oracle

OF_A_WORLD = 2_000  # questions to the same zones
SIZES = (0,) * 20 + (512, 1000, 1232, 4096, 65535)
LATER = (-1000, 0, 0, 0, 1, 50)


def world(seed, count=OF_A_WORLD):
    """Put questions to the zones of a seed: how many of each outcome."""
    drawn = random.Random(seed)
    zones = making.contents(drawn)
    kernels, oracle = Kernels(zones, seed=drawn.getrandbits(32)), Oracle(zones)
    found: Counter[str] = Counter()
    for each in range(count):
        if each % 100 == 0:
            kernels.allow(making.allowed(drawn, zones))
        packet, now, most = (
            making.packet(drawn, zones, kernels.allowed),
            making.NOW + drawn.choice(LATER),
            drawn.choice(SIZES),
        )
        try:
            found[outcome(check(kernels, oracle, packet, now, most))] += 1
        except Exception as error:
            raise AssertionError(f"seed {seed}, question {each}: {packet.hex()} {now=} {most=}: {error!r}") from error
    return found


def outcome(said):
    """In a word or two."""
    if isinstance(said, str):
        return said
    names = {0: "no data", 1: "FORMERR", 2: "SERVFAIL", 3: "NXDOMAIN", 4: "NOTIMP", 5: "REFUSED", 16: "BADVERS"}
    return "truncated" if "TC" in said.flags else "answered" if said.answer else names[said.rcode]

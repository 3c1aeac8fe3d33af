"""Data: entries as rbldnsd reads them, and a million queries, half of them of what is listed."""

import os
import subprocess
import sys
from collections.abc import Iterator
from ipaddress import IPv6Address
from pathlib import Path

import numpy as np
from bench.dnsbl.ask import ZONE
from numpy.typing import NDArray

Numbers = NDArray[np.uint32]
Words = NDArray[np.uint64]

MILLION = 1_000_000
LOW, HIGH = 0x0100_0000, 0xE000_0000  # 1.0.0.0 to 223.255.255.255
LOW6, HIGH6 = 0x2000_0000_0000_0000, 0x4000_0000_0000_0000  # 2000::/3, the upper half of an address
CODES, SHARES = np.array([2, 3, 4, 9, 10, 11], np.uint8), (0.4, 0.2, 0.2, 0.1, 0.05, 0.05)
HEAD = (
    "$SOA 3600 ns1.reputon.test hostmaster.reputon.test 1 3600 900 604800 300\n"
    "$NS 86400 ns1.reputon.test ns2.reputon.test\n"
)
DEFAULTS = "$TTL 300\n:2:Listed by Reputon, see https://reputon.test/ip/$\n"


def folder(work: Path, entries: int) -> Path:
    """Where so many entries lie."""
    return work / str(entries)


def made(place: Path, evaluation: Path, entries: int) -> None:
    """Make entries and queries; a million of them by `gen.py`, which also makes a zone for NSD and Knot."""
    place.mkdir(parents=True, exist_ok=True)
    if entries == MILLION:
        environment = {**os.environ, "DNSBL_BENCH_DIR": str(place)}
        subprocess.run([sys.executable, str(evaluation / "gen.py")], env=environment, check=True)
        return
    rng = np.random.default_rng(entries)
    addresses = _unlike(rng, LOW, HIGH, entries).astype(np.uint32)
    nets = _unlike(rng, LOW >> 8, HIGH >> 8, entries // 100).astype(np.uint32)
    # Who lists 127.0.0.1 is not served.
    addresses, nets = addresses[addresses >> 24 != 127], nets[nets >> 16 != 127]
    prefixes = _unlike(rng, LOW6, HIGH6, entries // 50)
    with (place / "v4.rbl").open("wb") as file:
        file.write((HEAD + DEFAULTS + "127.0.0.2\n").encode())
        for piece in np.array_split(addresses, max(entries // MILLION, 1)):
            file.write(_lines(piece, rng.choice(CODES, len(piece), p=SHARES)))
        file.write(_lines(np.left_shift(nets, 8, dtype=np.uint32), rng.choice(CODES, len(nets), p=SHARES), "/24"))
    with (place / "v6.rbl").open("w") as texts:
        texts.write(DEFAULTS)
        texts.writelines(f"{IPv6Address(each << 64)}/64 :{each % 3 + 2}\n" for each in prefixes.tolist())
    _asked(place / "queries.txt", rng, addresses, nets, prefixes)


def _unlike(rng: np.random.Generator, low: int, high: int, number: int) -> Words:
    """So many different numbers, sorted."""
    found = np.unique(rng.integers(low, high, number + number // 50, dtype=np.uint64))
    return np.sort(rng.permutation(found)[:number])


def _lines(addresses: Numbers, codes: NDArray[np.uint8], length: str = "") -> bytes:
    """A line for each; characters in columns, since a loop over ten million takes too long."""
    columns = [_texts([f"{each}." for each in range(256)])[addresses >> shift & 255] for shift in (24, 16, 8)]
    columns.append(_texts([f"{each}{length}" for each in range(256)])[addresses & 255])
    columns.append(_texts([f" :{each}\n" if each != 2 else "\n" for each in range(16)])[codes])
    characters = np.concatenate(columns, axis=1).ravel()
    return bytes(characters[characters != 0])


def _texts(words: list[str]) -> NDArray[np.uint8]:
    """Words as rows of characters, filled up with zeros."""
    return np.array(words, "S").view(np.uint8).reshape(len(words), -1)


def _asked(path: Path, rng: np.random.Generator, addresses: Numbers, nets: Numbers, prefixes: Words) -> None:
    """A million queries in no order: one in twenty of IPv6, one in five for TXT."""
    half = MILLION // 2
    single, wide, long = half * 88 // 100, half * 7 // 100, half * 5 // 100
    inside = rng.choice(nets, wide) << 8 | rng.integers(0, 256, wide, dtype=np.uint32)
    other = rng.integers(LOW, HIGH, half * 2, dtype=np.uint32)
    other = other[~np.isin(other, addresses) & ~np.isin(other >> 8, nets)][: half - long]
    names = [*_four(np.concatenate([rng.choice(addresses, single), inside, other]))]
    names += _six(rng, np.concatenate([rng.choice(prefixes, long), rng.integers(LOW6, HIGH6, long, dtype=np.uint64)]))
    kinds = np.where(rng.random(len(names)) < 0.8, "A", "TXT").tolist()
    order = rng.permutation(len(names)).tolist()
    path.write_text("".join(f"{names[place]}.{ZONE} {kinds[place]}\n" for place in order))


def _four(addresses: Numbers) -> Iterator[str]:
    for each in addresses.tolist():
        yield f"{each & 255}.{each >> 8 & 255}.{each >> 16 & 255}.{each >> 24}"


def _six(rng: np.random.Generator, prefixes: Words) -> Iterator[str]:
    rests = rng.integers(0, 1 << 63, len(prefixes), dtype=np.uint64)
    for high, low in zip(prefixes.tolist(), rests.tolist(), strict=True):
        yield ".".join(reversed(f"{high << 64 | low:032x}"))

"""Neighbours: what a run made of the addresses around one: for information, since no score is made of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network

import pyarrow as pa

from reputon.score import judgement, reading
from reputon.score.asking import Asked
from reputon.score.engines import Engine
from reputon.score.judgement import COLUMNS
from reputon.score.run import Results
from reputon.subject import IP4_KEYS, Subject

Network = IPv4Network | IPv6Network
Range = tuple[int, int]  # the first and the last key
_RANGES = pa.schema([("first", pa.int64()), ("last", pa.int64())])


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """A network or an AS: what its addresses' evidence together would score (None: no data), and how many they are.

    `scored` have a score, `bad` one below 30.
    """

    name: str
    value: float | None
    addresses: int
    scored: int
    bad: int


def around(subject: Subject) -> Network:
    """The /24 or /48 of an address."""
    bare = subject.text.removesuffix("/64")
    return ip_network(f"{bare}/{48 if ':' in bare else 24}", strict=False)


def keys(network: Network) -> Range | None:
    """The keys of a network's addresses; None where none of them can be scored (a part of a /64 is its /64)."""
    if isinstance(network, IPv4Network):
        return int(network[0]), int(network[-1])
    first, last = (_signed(int(each) >> 64) for each in (network[0], network[-1]))
    return (first, last) if IP4_KEYS <= first <= last else None


def neighbourhood(
    engine: Engine, asked: Asked, results: Results, name: str, ranges: Sequence[Range]
) -> Neighbourhood | None:
    """What the last run's scores of the addresses in some ranges are together; None where there are none."""
    engine.files("results", results.paths("address"), judgement.SCORES)
    (row,) = (row for batch in engine.read(_query(engine, ranges)) for row in batch.to_pylist())
    if not row["addresses"]:
        return None
    amounts = pa.RecordBatch.from_pylist(
        [{"subject": 1, "tenant": 0} | {column: row[column] for column in COLUMNS.values()}]
    )
    (score,) = reading.scores([amounts], asked.names, asked.parameters, results.as_of)
    return Neighbourhood(name, score.value, row["addresses"], row["scored"], row["bad"])


def _query(engine: Engine, ranges: Sequence[Range]) -> str:
    sums = ", ".join(f"CAST(SUM({column}) AS BIGINT) AS {column}" for column in COLUMNS.values())
    counts = (f"CAST(COUNT(*) AS BIGINT) AS addresses, CAST(COUNT(value) AS BIGINT) AS scored, "
              f"CAST(COUNT(CASE WHEN value < 30 THEN 1 END) AS BIGINT) AS bad, {sums}")  # fmt: skip
    if len(ranges) == 1:  # numbers that the engine can see: it then reads only the row groups that have them
        ((first, last),) = ranges
        return f"SELECT {counts} FROM results WHERE subject BETWEEN {first} AND {last}"
    columns = [pa.array(each, pa.int64()) for each in zip(*ranges, strict=True)]
    engine.table("ranges", pa.table(columns, schema=_RANGES))
    return f"SELECT {counts} FROM results r JOIN ranges n ON r.subject >= n.first AND r.subject <= n.last"


def _signed(key: int) -> int:
    return key if key < 1 << 63 else key - (1 << 64)

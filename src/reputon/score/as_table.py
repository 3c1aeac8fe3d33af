"""AS table: which networks an autonomous system announces, from a file of lines `prefix,asn[,name]`.

As the public dumps of prefixes and their origins have it; the file is read anew for each question, and only its lines
that can matter are parsed: a full table has a million.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from pathlib import Path

from reputon.score.neighbours import Network, Range, keys
from reputon.subject import Subject

_FIRST = {4: 8, 6: 16}  # bits that the first number of an address has


class AsTableError(ValueError):
    """An AS table that cannot be read; the message says what to do."""


@dataclass(frozen=True, slots=True)
class AutonomousSystem:
    """An AS: its number, its name where the table has one, and the keys of its networks, merged and in order."""

    number: int
    name: str
    ranges: tuple[Range, ...]


def of(path: Path, subject: Subject) -> AutonomousSystem | None:
    """The AS that announces an address, by the longest prefix; None where the table has none."""
    address = ip_address(subject.text.removesuffix("/64"))
    try:
        lines = path.read_text("utf-8", "replace").splitlines()
    except OSError as error:
        raise AsTableError(f"score.as_table: {error}") from None
    found = [each for each in _parsed(path, _near(lines, address.version, subject.text)) if address in each[0]]
    if not found:
        return None
    _, number, name = max(found, key=lambda each: each[0].prefixlen)
    own = _parsed(path, _of(lines, number))
    return AutonomousSystem(number, name, _merged(keys(network) for network, each, _ in own if each == number))


def _near(lines: list[str], version: int, address: str) -> Iterator[tuple[int, str]]:
    """The numbered lines whose prefix begins as the address does, or is too short to begin with a whole number."""
    mark = ":" if version == 6 else "."
    begin = address.partition(mark)[0] + mark
    for number, line in enumerate(lines, 1):
        if line.startswith(begin) or _is_short(line.partition(",")[0], _FIRST[version]):
            yield number, line


def _is_short(prefix: str, bits: int) -> bool:
    length = prefix.partition("/")[2]
    return length.isdigit() and int(length) < bits


def _of(lines: list[str], number: int) -> Iterator[tuple[int, str]]:
    wanted = (f",{number}", f",AS{number}")
    return ((at, line) for at, line in enumerate(lines, 1) if any(each in line for each in wanted))


def _parsed(path: Path, lines: Iterator[tuple[int, str]]) -> Iterator[tuple[Network, int, str]]:
    for at, line in lines:
        prefix, _, rest = line.partition(",")
        number, _, name = rest.partition(",")
        try:
            yield ip_network(prefix.strip()), int(number.strip().removeprefix("AS")), name.strip().strip('"')
        except ValueError:
            raise AsTableError(f"{path}:{at}: write a line as 192.0.2.0/24,64500,Name") from None


def _merged(ranges: Iterator[Range | None]) -> tuple[Range, ...]:
    found: list[Range] = []
    for first, last in sorted(each for each in ranges if each is not None):
        if found and first <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(found[-1][1], last))
        else:
            found.append((first, last))
    return tuple(found)

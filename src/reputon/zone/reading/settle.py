"""Settle: what a list says where it names the same address or name twice, or one within another."""

from array import array
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from reputon.zone.content import Covers, Dataset
from reputon.zone.reading.prefixes import text4, text6

EXAMPLES = 5
Merge = Callable[[int, int], int]  # of two values, what both say together


def by_octets(dataset: Dataset, merge: Merge) -> None:
    """IPv4 as rbldnsd's ip4set has it: an entry lies at its next whole octet, and entries of one place add up.

    There a /25 and a /26 both are single addresses: where they overlap both count, or neither if one is excluded.  A
    prefix whose last octet begins later is more special and replaces them, as the longest prefix does for us.
    """
    first, length = _numbers(dataset.first4, np.uint32), _numbers(dataset.length4, np.uint8)
    kept = np.ones(len(first), bool)
    for octet in range(1, 5):
        (at,) = np.nonzero((np.maximum(length, 1) + 7) // 8 == octet)
        keys = (first[at].astype(np.uint64) << np.uint64(6)) | length[at]
        at = at[np.argsort(keys, kind="stable")]
        for group in _overlapping(first[at].astype(np.int64), length[at]):
            _nest(dataset, at[group].tolist(), kept, merge)
    del first, length  # an array whose memory is lent does not grow
    _keep(dataset, kept, four=True)


def first_counts(dataset: Dataset) -> tuple[int, list[str]]:
    """Leave out prefixes that came before, as rbldnsd's tries do: how many, and the first few of them."""
    again4: list[int] = []
    again6: list[int] = []
    if dataset.length4:
        first, length = _numbers(dataset.first4, np.uint32), _numbers(dataset.length4, np.uint8)
        again4 = _again(np.lexsort((length, first)), first, length)
        del first, length  # an array whose memory is lent does not change
    if dataset.length6:
        halves, length = _numbers(dataset.first6, np.uint64), _numbers(dataset.length6, np.uint8)
        again6 = _again(np.lexsort((length, halves[1::2], halves[0::2])), halves[0::2], halves[1::2], length)
        del halves, length
    examples = [text4(dataset.first4[at], dataset.length4[at]) for at in again4[:EXAMPLES]]
    examples += [
        text6(dataset.first6[2 * at] << 64 | dataset.first6[2 * at + 1], dataset.length6[at])
        for at in again6[:EXAMPLES]
    ]
    _drop(dataset, again4, four=True)
    _drop(dataset, again6, four=False)
    return len(again4) + len(again6), examples[:EXAMPLES]


def names(dataset: Dataset, merge: Merge) -> int:
    """Merge what is said twice of a name, apart for itself and for those below it; how often that was."""
    hashes = np.fromiter(map(hash, dataset.names), np.int64, len(dataset.names))
    order = np.argsort(hashes, kind="stable")
    same = hashes[order][1:] == hashes[order][:-1]
    twice = np.zeros(len(order), bool)
    twice[1:] |= same
    twice[:-1] |= same
    if not twice.any():
        return 0
    merged = 0
    said: dict[str, dict[Covers, int]] = {}
    places: dict[str, list[int]] = {}
    for at in np.sort(order[twice]).tolist():
        places.setdefault(dataset.names[at], []).append(at)
        values = said.setdefault(dataset.names[at], {})
        for each in (Covers.ITSELF, Covers.BELOW):
            if dataset.covers[at] & each:
                value = dataset.value_of_name[at]
                merged += each in values
                values[each] = merge(values[each], value) if each in values else value
    kept = np.ones(len(order), bool)
    kept[order[twice]] = False
    for name, values in said.items():
        for at, (covers, value) in zip(places[name], _together(values), strict=False):
            dataset.covers[at], dataset.value_of_name[at], kept[at] = covers, value, True
    _keep_names(dataset, kept)
    return merged


def _together(values: dict[Covers, int]) -> list[tuple[int, int]]:
    """One entry for both where they say the same."""
    if len(set(values.values())) == 1:
        return [(sum(values), next(iter(values.values())))]
    return [(int(covers), value) for covers, value in values.items()]


def _overlapping(first: "NDArray[np.integer]", length: "NDArray[np.integer]") -> Iterator[slice]:
    """Runs of prefixes, sorted, of which each lies within an earlier one of its run."""
    if len(first) < 2:
        return
    last = first + (np.int64(1) << (32 - length.astype(np.int64))) - 1
    inside = first[1:] <= np.maximum.accumulate(last)[:-1]
    (starts,) = np.nonzero(inside & ~np.concatenate(([False], inside[:-1])))
    (ends,) = np.nonzero(inside & ~np.concatenate((inside[1:], [False])))
    for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
        yield slice(start, end + 2)


def _nest(dataset: Dataset, places: list[int], kept: NDArray[np.bool_], merge: Merge) -> None:
    """Give each prefix what those around it say too; of the same prefix twice the first stays."""
    around: list[int] = []
    for at in places:
        first, length = dataset.first4[at], dataset.length4[at]
        while around and dataset.first4[around[-1]] + (1 << 32 - dataset.length4[around[-1]]) <= first:
            around.pop()
        if not around:
            around.append(at)
            continue
        outer = around[-1]
        value = merge(dataset.value4[outer], dataset.value4[at])
        if dataset.first4[outer] == first and dataset.length4[outer] == length:
            dataset.value4[outer] = value
            kept[at] = False
        else:
            dataset.value4[at] = value
            around.append(at)


def _again(order: NDArray[np.intp], *keys: NDArray[np.generic]) -> list[int]:
    same = np.ones(max(len(order) - 1, 0), bool)
    for key in keys:
        same &= key[order[1:]] == key[order[:-1]]
    return sorted(order[1:][same].tolist())


def _drop(dataset: Dataset, places: list[int], *, four: bool) -> None:
    kept = np.ones(len(dataset.length4 if four else dataset.length6), bool)
    kept[places] = False
    _keep(dataset, kept, four=four)


def _keep(dataset: Dataset, kept: NDArray[np.bool_], *, four: bool) -> None:
    if kept.all():
        return
    if four:
        dataset.first4 = _some(dataset.first4, np.uint32, kept)
        dataset.length4 = _some(dataset.length4, np.uint8, kept)
        dataset.value4 = _some(dataset.value4, np.uint32, kept)
    else:
        dataset.first6 = _some(dataset.first6, np.uint64, np.repeat(kept, 2))
        dataset.length6 = _some(dataset.length6, np.uint8, kept)
        dataset.value6 = _some(dataset.value6, np.uint32, kept)


def _keep_names(dataset: Dataset, kept: NDArray[np.bool_]) -> None:
    dataset.names = [name for name, keep in zip(dataset.names, kept.tolist(), strict=True) if keep]
    dataset.covers = _some(dataset.covers, np.uint8, kept)
    dataset.value_of_name = _some(dataset.value_of_name, np.uint32, kept)


def _numbers(numbers: "array[int]", dtype: type[np.generic]) -> "NDArray[np.integer]":
    return np.frombuffer(numbers, dtype)


def _some(numbers: "array[int]", dtype: type[np.generic], kept: NDArray[np.bool_]) -> "array[int]":
    return array(numbers.typecode, np.frombuffer(numbers, dtype)[kept].tobytes())

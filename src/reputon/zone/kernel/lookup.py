"""Lookup: what a table says about a name that lies in a packet: the zone, the interval or node, and the value."""

from typing import Any

from reputon.zone.kernel import jit
from reputon.zone.kernel.hashing import mix, slot_of
from reputon.zone.kernel.layout import (
    BELOW,
    EXPIRES,
    HAS_NAMES,
    HASH,
    INDEX4,
    INDEX6,
    NAME,
    NAME_LENGTH,
    NOWHERE,
    OWNER,
    OWNER_LENGTH,
    SEED,
    SELF,
    SLOT_MASK,
    SLOTS,
)  # fmt: skip
from reputon.zone.kernel.layout import (
    EXISTS as NODE_EXISTS,
)
from reputon.zone.kernel.layout import (
    NODE as APEX,
)
from reputon.zone.kernel.question import APEX_LABEL, CUT, EXISTS, KIND, LABELS, NODE, VALUE, ZONE, lower

OCTETS, NIBBLES, NO_NODE = 4, 32, -1
_NO = -1  # no number
KIND_NAME, KIND4, KIND6 = 0, 4, 6  # what an answer is about


@jit.kernel
def find_zone(buf: Any, table: Any, work: Any) -> bool:
    """The deepest zone that the name lies in, and how many labels come before its apex."""
    work[ZONE] = NOWHERE
    mask = len(table.zone_slots) - 1
    if len(table.zones) == 0:
        return False
    state = table.zones[0, SEED]
    length = 1
    for label in range(work[LABELS] - 1, -1, -1):
        at = work[label]
        state = mix_label(buf, at, state)
        length += buf[at] + 1
        slot = slot_of(state, mask)
        while table.zone_slots[slot] != NOWHERE:
            row = table.zone_slots[slot] + 0
            if table.zones[row, NAME_LENGTH] == length and is_same(buf, at, table.blob, table.zones[row, NAME], length):
                work[ZONE] = row
                work[CUT] = work[APEX_LABEL] = label
            slot = (slot + 1) & mask
    return work[ZONE] != NOWHERE


@jit.kernel
def mix_label(buf: Any, at: int, state: int) -> int:
    """The hash with one more label."""
    for each in range(at, at + buf[at] + 1):
        state = mix(state, lower(buf[each]))
    return state


@jit.kernel
def is_same(buf: Any, at: int, blob: Any, name: int, length: int) -> bool:
    """Whether the packet has this name here, in whatever letters.  A length of a label is below any letter."""
    each = 0
    while each < length and lower(buf[at + each]) == blob[name + each]:
        each += 1
    return each == length


@jit.kernel
def look_up(buf: Any, table: Any, work: Any, now: int) -> None:
    """Note the value (0: not listed), the node (NO_NODE: none) and whether the name exists."""
    work[VALUE] = 0
    work[NODE] = NO_NODE
    work[EXISTS] = 0
    work[KIND] = KIND_NAME
    zone, cut = work[ZONE], work[CUT]
    if cut == 0:
        note_node(table, work, table.zones[zone, APEX], True, now)
    else:
        if table.zones[zone, INDEX4] != NOWHERE and cut <= OCTETS:
            look_up4(buf, table, work, table.zones[zone, INDEX4], now)
        if work[VALUE] == 0 and table.zones[zone, INDEX6] != NOWHERE and cut <= NIBBLES:
            look_up6(buf, table, work, table.zones[zone, INDEX6], now)
        if work[VALUE] == 0 and table.zones[zone, HAS_NAMES] != 0:
            look_up_name(buf, table, work, now)


@jit.kernel
def live(table: Any, value: int, now: int) -> int:
    """The value, or 0 where it has ended: that says nothing."""
    expires = table.values[value, EXPIRES] + 0
    return 0 if expires != 0 and now >= expires else value + 0


@jit.kernel
def look_up4(buf: Any, table: Any, work: Any, index: int, now: int) -> None:
    """Labels as octets, the last of an address first: a whole address, or the upper part of some."""
    cut = work[CUT]
    address = 0
    for label in range(cut):
        octet = read_octet(buf, work[label])
        if octet == _NO:
            return
        address |= octet << (8 * (OCTETS - cut + label))
    upper = address >> 16
    at = find4(table, table.index4[index + upper] + 0, table.index4[index + upper + 1] + 0, address & 0xFFFF)
    if cut == OCTETS:
        work[VALUE] = live(table, table.value4[at], now)
        work[KIND] = KIND4
    elif cut == 3:
        work[EXISTS] = is_any4(table, at, table.index4[index + upper + 1] + 0, (address & 0xFFFF) + 255)
    else:
        for part in range(upper, upper + (1 if cut == 2 else 256)):
            if is_any4(table, table.index4[index + part] + 0, table.index4[index + part + 1] + 0, 0xFFFF):
                work[EXISTS] = 1
                return


@jit.kernel
def read_octet(buf: Any, at: int) -> int:
    """The octet that a label is, without leading zeros; _NO: it is none."""
    length = buf[at] + 0
    if length > 3 or (buf[at + 1] == 48 and length > 1):
        return _NO
    octet = 0
    for each in range(at + 1, at + 1 + length):
        digit = buf[each] - 48
        if digit < 0 or digit > 9:
            return _NO
        octet = octet * 10 + digit
    return octet if octet < 256 else _NO


@jit.kernel
def find4(table: Any, at: int, end: int, wanted: int) -> int:
    """The last interval from `at` to before `end` that begins at or before `wanted`; the first one does."""
    left = end - at
    while left > 1:
        half = left >> 1
        if table.first4[at + half] <= wanted:
            at += half
        left -= half
    return at


@jit.kernel
def is_any4(table: Any, at: int, end: int, last: int) -> int:
    """Whether anything up to `last` is listed, from the interval `at` on: of two neighbours one always is."""
    if table.value4[at] != 0:
        return 1
    return 1 if at + 1 < end and table.first4[at + 1] <= last else 0


@jit.kernel
def look_up6(buf: Any, table: Any, work: Any, index: int, now: int) -> None:
    """Labels as nibbles, the last of an address first: a whole address, or the upper part of some."""
    cut = work[CUT]
    a = b = c = d = 0
    for label in range(cut):
        at = work[cut - 1 - label]
        nibble = read_nibble(buf[at + 1]) if buf[at] == 1 else _NO
        if nibble == _NO:
            return
        shift = 28 - 4 * (label & 7)
        if label < 8:
            a |= nibble << shift
        elif label < 16:
            b |= nibble << shift
        elif label < 24:
            c |= nibble << shift
        else:
            d |= nibble << shift
    upper = a >> 16
    at = find6(table, table.index6[index + upper] + 0, table.index6[index + upper + 1] + 0, a, b, c, d)
    if cut == NIBBLES:
        work[VALUE] = live(table, table.value6[at], now)
        work[KIND] = KIND6
        return
    if table.value6[at] != 0:
        work[EXISTS] = 1
        return
    # The next interval is listed, if there is one: it must begin inside of what was asked about.
    at += 1
    if at <= table.index6[index + (1 << 16)]:
        first = table.first6
        a, b = a | fill(cut, 0), b | fill(cut, 8)
        c, d = c | fill(cut, 16), d | fill(cut, 24)
        if is_before(first[at, 0] + 0, first[at, 1] + 0, first[at, 2] + 0, first[at, 3] + 0, a, b, c, d):
            work[EXISTS] = 1


@jit.kernel
def read_nibble(byte: int) -> int:
    """The number that a hexadecimal digit is; _NO: it is none."""
    if 48 <= byte <= 57:
        return byte - 48
    byte = byte | 0x20
    return byte - 87 if 97 <= byte <= 102 else _NO


@jit.kernel
def fill(cut: int, begin: int) -> int:
    """The bits of a word that `cut` nibbles leave open; the word has the nibbles from `begin`."""
    known = min(8, max(0, cut - begin))
    return 0xFFFF_FFFF >> (4 * known)


@jit.kernel
def is_before(a: int, b: int, c: int, d: int, e: int, f: int, g: int, h: int) -> bool:
    """Whether the first address is not after the second."""
    if a != e:
        return a < e
    if b != f:
        return b < f
    if c != g:
        return c < g
    return d <= h


@jit.kernel
def find6(table: Any, at: int, last: int, a: int, b: int, c: int, d: int) -> int:
    """The last interval from `at` to `last` that begins at or before the address; `at` does."""
    first = table.first6
    left = last - at + 1
    while left > 1:
        half = left >> 1
        to = at + half
        if is_before(first[to, 0] + 0, first[to, 1] + 0, first[to, 2] + 0, first[to, 3] + 0, a, b, c, d):
            at = to
        left -= half
    return at


@jit.kernel
def look_up_name(buf: Any, table: Any, work: Any, now: int) -> None:
    """The deepest node on the way to the name: what it says itself, or for all below it."""
    zone = work[ZONE]
    state = table.zones[zone, SEED]
    node = table.zones[zone, APEX]
    label = work[CUT] - 1
    length = 0
    while label >= 0:
        at = work[label]
        state = mix_label(buf, at, state)
        length += buf[at] + 1
        found = find_node(buf, table, zone, state, at, length)
        if found == NO_NODE:
            break
        node = found
        label -= 1
    note_node(table, work, node, label < 0, now)


@jit.kernel
def find_node(buf: Any, table: Any, zone: int, state: int, at: int, length: int) -> int:
    """The node of a relative name that begins at `at` in the packet; NO_NODE: there is none."""
    mask = table.zones[zone, SLOT_MASK]
    slot = slot_of(state, mask)
    while True:
        node = table.slots[table.zones[zone, SLOTS] + slot] - 1
        if node == NO_NODE:
            return NO_NODE
        nodes = table.nodes
        if (
            nodes[node, HASH] == state
            and nodes[node, OWNER_LENGTH] == length
            and is_same(buf, at, table.blob, nodes[node, OWNER] + 0, length)
        ):
            return node
        slot = (slot + 1) & mask


@jit.kernel
def note_node(table: Any, work: Any, node: int, is_whole: bool, now: int) -> None:
    """Note what a node says of itself, or of a name below it."""
    work[KIND] = KIND_NAME
    if is_whole:
        work[NODE] = node
        work[VALUE] = live(table, table.nodes[node, SELF], now)
        work[EXISTS] |= table.nodes[node, NODE_EXISTS] + 0
    else:
        work[VALUE] = live(table, table.nodes[node, BELOW], now)

"""Limit: how often a client's prefix is answered (response rate limiting), and how often a key may ask.

A bucket is one number: the time at which it will be full again.  An answer moves it on by its cost; more than `depth`
ahead of now it is empty.  Prefixes that meet in one share it: that can only limit more, never less.
"""

from typing import Any

from reputon.zone.guard import (
    ASKED,
    COST,
    DAY,
    DEPTH,
    IN_DAY,
    IN_SECOND,
    KEY_LABEL,
    OVER,
    PER_DAY,
    PER_SECOND,
    SECOND,
    SEED,
    SLIP,
)  # fmt: skip
from reputon.zone.kernel import jit
from reputon.zone.kernel.hashing import slot_of
from reputon.zone.kernel.layout import NOWHERE
from reputon.zone.kernel.lookup import is_same, mix_label
from reputon.zone.kernel.question import BUCKET, CUT, DROP, OUTCOME, RARE
from reputon.zone.kernel.writing import DENIED, FAULTY, LIMITED, REFUSED_, SLIPPED, write_truncated

_SECONDS_OF_DAY = 86400


@jit.kernel
def limit(
    buf: Any, begin: int, length: int, guard: Any, client: int, buckets: Any, slips: Any, now: int, work: Any
) -> int:  # fmt: skip
    """What becomes of an answer of `length` bytes (or RARE) when its client's bucket is charged; `now`: nanoseconds."""
    outcome, bucket = work[OUTCOME], work[BUCKET]
    is_error = 1 if length == RARE or outcome >= DENIED or outcome in (REFUSED_, FAULTY) else 0
    cost, depth = guard.limits[COST + 2 * is_error], guard.limits[DEPTH + 2 * is_error]
    if has_left(buckets, 2 * bucket + is_error, now, cost, depth) or guard.exempt[client] != 0:
        return length
    if length == RARE or not slips_through(slips, bucket, guard.limits[SLIP]):
        work[OUTCOME] = LIMITED
        return DROP
    work[OUTCOME] = SLIPPED
    # A refusal cannot be cut: it is hardly longer than the question, and a client that comes by TCP learns no more.
    return length if is_error != 0 else write_truncated(buf, begin, work)


@jit.kernel
def has_left(buckets: Any, at: int, now: int, cost: int, depth: int) -> bool:
    """Whether a bucket has one answer left, which is taken."""
    full = max(buckets[at], now)
    if full - now > depth:
        if full - now <= depth + cost:
            return False
        full = now  # so far ahead is nobody: the clock was set back
    buckets[at] = full + cost
    return True


@jit.kernel
def slips_through(slips: Any, bucket: int, each: int) -> bool:
    """Whether this is one of those above the limit that go out all the same: each how-manieth, and the first."""
    if each == 0:
        return False
    before: int = slips[bucket] + 0
    slips[bucket] = before + 1 if before + 1 < each else 0
    return before == 0


@jit.kernel
def find_key(buf: Any, guard: Any, work: Any) -> int:
    """The row of the key that the label before the cut is, in whatever letters; NOWHERE: it is none."""
    at = work[work[CUT] - 1]
    slots = guard.key_slots
    mask = len(slots) - 1
    slot = slot_of(mix_label(buf, at, guard.limits[SEED]), mask)
    while slots[slot] != NOWHERE:
        key: int = slots[slot] + 0
        if is_same(buf, at, guard.blob, guard.keys[key, KEY_LABEL], buf[at] + 1):
            return key
        slot = (slot + 1) & mask
    return NOWHERE


@jit.kernel
def is_over_quota(guard: Any, key: int, now: int) -> bool:
    """Whether a key has asked more than it may in this second or this day (of UTC); else it has asked once more."""
    uses, day = guard.uses, now // _SECONDS_OF_DAY
    uses[key, ASKED] += 1
    if uses[key, SECOND] != now:
        uses[key, SECOND] = now
        uses[key, IN_SECOND] = 0
    if uses[key, DAY] != day:
        uses[key, DAY] = day
        uses[key, IN_DAY] = 0
    per_second, per_day = guard.keys[key, PER_SECOND], guard.keys[key, PER_DAY]
    if 0 < per_second <= uses[key, IN_SECOND] or 0 < per_day <= uses[key, IN_DAY]:
        uses[key, OVER] += 1
        return True
    uses[key, IN_SECOND] += 1
    uses[key, IN_DAY] += 1
    return False

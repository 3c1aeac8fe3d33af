"""A process that works on a store and is killed: before its n-th effect on the disk, or at any time.

Usage: python crash.py FOLDER KILLS SEED.  Children are forked, so that nothing is imported twice.  Each does a round
of work and says on a pipe what was acknowledged to it.  After each kill another child looks at the store: what was
acknowledged is there once, what was not at most once.  Prints one JSON object.
"""

import json
import os
import random
import signal
import sys
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from reputon.evidence import database
from reputon.evidence.follow import Follower
from reputon.evidence.ingest import ingest
from reputon.evidence.kinds import Evidence, Kind
from reputon.evidence.readers import READERS
from reputon.evidence.store import Store

START = datetime(2026, 11, 24, tzinfo=UTC)
BATCHES = 3  # of a round
LINES = 120  # that a round writes to the log
LOG, FOLLOWED = "log.jsonl", "followed.jsonl"


def pieces(number):
    """A batch that is told by its subject; some of it at another hour."""
    return [Evidence(START + timedelta(hours=place % 3), number, f"t{place}.example", Kind.SENT) for place in range(5)]


def work(folder, number, say):
    """One round."""
    with Store(folder / "state") as store:
        for batch in range(number * BATCHES, (number + 1) * BATCHES):
            store.add("mx1", batch.to_bytes(8), pieces(batch))
            say(f"A{batch}")
        store.add("liar", number.to_bytes(8), pieces(number))
        say(f"L{number}")
        if number % 2:
            store.seal()
        lines = (folder / LOG).read_bytes().count(b"\n")
        ingest(store, READERS["jsonl"], [folder / LOG], "log", START + timedelta(days=1))
        say(f"I{lines}")
        follower = Follower(store, READERS["jsonl"], folder / FOLLOWED, "followed")
        follower.poll(START + timedelta(days=1))
        say(f"F{lines}")
        if number % 3 == 0:
            say("p")
            store.purge("liar")
            say("P")
        store.seal()


def armed(at):
    """Kill this process before its effect number `at`: an SQL statement, an fsync, a rename or a removal."""
    left = [at]

    def step(*_):
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def stepping(function):
        return lambda *given, **named: (step(), function(*given, **named))[1]

    replaced: Any = (database.Database, os, Path)
    opened, system, path = replaced
    prepare = opened._prepare

    def prepared(self):
        self._sql.set_trace_callback(step)
        prepare(self)

    opened._prepare = prepared
    system.fsync = stepping(os.fsync)
    path.replace = stepping(Path.replace)
    path.unlink = stepping(Path.unlink)
    return left


def held(folder):
    """What a fresh process finds: how often each batch and line is there, by source."""
    with Store(folder / "state") as store:
        counts = store.rows().group_by(["source", "subject"]).aggregate([("count", "count")]).to_pylist()
        names = store.names({row["source"] for row in counts})
        found: dict[str, Counter[int]] = {}
        for row in counts:
            found.setdefault(names[row["source"]], Counter())[row["subject"]] = row["count_count"]
        return found


def forked(action):
    """Run something in a child; what it said, and whether it was killed."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        try:
            action(lambda text: os.write(writing, (text + "\n").encode()))
        except BaseException as error:  # told to the parent
            os.write(writing, f"!{error!r}\n".encode())
        os._exit(0)
    os.close(writing)
    return child, reading


def ended(child, reading):
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read().decode().splitlines()
    return said, os.WIFSIGNALED(os.waitpid(child, 0)[1])


class Told:
    """What was acknowledged until now, and what is wrong with what was found."""

    def __init__(self):
        self.effects = 0
        self.batches, self.liars, self.lines, self.followed, self.wrong = set(), set(), 0, 0, []

    def take(self, said):
        for each in said:
            what, rest = each[0], each[1:]
            if what == "!":
                self.wrong.append(rest)
            elif what == "N":
                self.effects = int(rest)
            elif what == "A":
                self.batches.add(int(rest))
            elif what == "L":
                self.liars.add(int(rest))
            elif what == "I":
                self.lines = int(rest)
            elif what == "F":
                self.followed = int(rest)
            elif what in "pP":
                self.liars.clear()

    def compare(self, found, written):
        batches, liars = found.get("mx1", Counter()), found.get("liar", Counter())
        if lost := [each for each in self.batches if batches[each] != 5]:
            self.wrong.append(f"batches lost: {lost[:5]}")
        if more := [each for each, count in batches.items() if count != 5]:
            self.wrong.append(f"batches doubled or torn: {more[:5]}")
        if lost := [each for each in self.liars if liars[each] != 5]:
            self.wrong.append(f"batches of the liar lost: {lost[:5]}")
        if more := [each for each, count in liars.items() if count > 5]:
            self.wrong.append(f"batches of the liar doubled: {more[:5]}")
        for name, least in (("log", self.lines), ("followed", self.followed)):
            lines = found.get(name, Counter())
            if lines != Counter(range(len(lines))) or not least <= len(lines) <= written:
                self.wrong.append(f"{name}: {len(lines)} lines of {written}, {least} acknowledged")


def grown(folder, number):
    """The logs with more lines."""
    for name in (LOG, FOLLOWED):
        with (folder / name).open("a") as file:
            for line in range(number * LINES, (number + 1) * LINES):
                address = f"{line >> 24}.{line >> 16 & 255}.{line >> 8 & 255}.{line & 255}"
                said = {"time": "2026-11-24T10:00:00Z", "ip": address, "kind": "sent", "tenant": "a.example"}
                file.write(json.dumps(said) + "\n")
    return (number + 1) * LINES


def torn(folder, dice):
    """What a power cut may leave beyond what was synced: half a frame, noise, unfinished files."""
    state = folder / "state"
    log = state / "evidence.sqlite-wal"
    if log.exists() and log.stat().st_size > 4152:
        frame = log.read_bytes()[-4120 * dice.randrange(1, 2) :]
        with log.open("ab") as file:
            file.write(dice.choice([frame[: dice.randrange(len(frame))], frame, dice.randbytes(5000), bytes(8240)]))
    for day in (state / "evidence").glob("date=*/hour=*"):
        if dice.random() < 0.3:
            (name,) = (state / "node").read_text().split()
            (day / f".{name}-9.parquet.torn").write_bytes(dice.randbytes(100))
            (day / f"{name}-{10**9 + dice.randrange(10**6)}.parquet").write_bytes(b"PAR1" + dice.randbytes(50))


def a_round(folder, number, at=0, after=None):
    """Work that is killed before its effect `at`, or after some seconds; what it said, whether it was killed."""

    def action(say):
        left = armed(at)
        work(folder, number, say)
        say(f"N{at - left[0]}")

    child, reading = forked(action)
    if after is not None:
        time.sleep(after)
        os.kill(child, signal.SIGKILL)
    return ended(child, reading)


def look(folder, told, written):
    """Compare what a fresh process finds with what was acknowledged."""
    said, _ = ended(*forked(lambda say: say("=" + json.dumps(held(folder)))))
    for each in said:
        if each[0] == "!":
            told.wrong.append(f"cannot be opened: {each}")
        else:
            found = {name: Counter({int(k): n for k, n in of.items()}) for name, of in json.loads(each[1:]).items()}
            told.compare(found, written)


def main(folder, kills, seed):
    dice, told, killed, tears, number = random.Random(seed), Told(), 0, 0, 0
    began = time.monotonic()
    for number in range(2):  # one round of each kind that ends, to know how many effects it has and how long it takes
        written = grown(folder, number)
        told.take(a_round(folder, number)[0])
        look(folder, told, written)
    span = (time.monotonic() - began) / 2
    ats: list[int] = []
    while killed < kills and not told.wrong:
        number += 1
        written = grown(folder, number)
        if not ats:
            ats = dice.sample(range(1, told.effects + 1), told.effects)
        said, was_killed = a_round(folder, number, *((ats.pop(), None) if number % 10 else (0, dice.uniform(0, span))))
        killed += was_killed
        told.take(said)
        if was_killed and dice.random() < 0.5:
            torn(folder, dice)
            tears += 1
        look(folder, told, written)
    acknowledged = len(told.batches) + len(told.liars) + told.lines + told.followed
    sys.stdout.write(json.dumps({"kills": killed, "effects": told.effects, "torn": tears, "acknowledged": acknowledged,
                      "wrong": told.wrong}) + "\n")  # fmt: skip


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))

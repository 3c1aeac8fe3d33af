"""Measure a Postfix log into evidence, without the store.  Usage: `python bench/postfix_log.py [LINES [REPETITIONS]]`.

The figure is of lines a CPU-second of one process, from lines in memory to evidence: what the reader does.
"""

import platform
import random
import statistics
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from reputon.evidence.files import Line
from reputon.evidence.readers import READERS

NOW = datetime(2026, 11, 25, tzinfo=UTC)
BEGAN = datetime(2026, 11, 24, tzinfo=UTC)
GAP = 0.02  # seconds between two lines: fifty a second, a busy server


def main() -> None:
    """Make a log, read it again and again, tell the median."""
    count = int(sys.argv[1]) if sys.argv[1:] else 500_000
    repetitions = int(sys.argv[2]) if sys.argv[2:] else 5
    texts = [text.rstrip().encode() for text in log(count)]
    lines = [Line(text, f"mail.log:{number}", is_whole=True) for number, text in enumerate(texts, 1)]
    size = sum(map(len, texts)) + count
    print(f"{count:,} lines, {size / 1e6:.1f} MB, {found(lines):,} pieces of evidence")
    print(f"{machine()}, {repetitions} repetitions")
    measure("reader", count, repetitions, lambda: found(lines))


def found(lines: list[Line]) -> int:
    """How many pieces of evidence the lines are."""
    reading = READERS["postfix"].open(NOW)
    return sum(1 for line in lines for _ in reading.line(line))


def measure(what: str, lines: int, repetitions: int, work: Callable[[], object]) -> None:
    """The median of the rates, and the lowest and highest."""
    rates = []
    for _ in range(repetitions):
        began = time.process_time()
        work()
        rates.append(lines / (time.process_time() - began))
    print(f"{what}: {statistics.median(rates):,.0f} lines a CPU-second ({min(rates):,.0f} to {max(rates):,.0f})")


def machine() -> str:
    """The processor and the Python."""
    cpus = Path("/proc/cpuinfo")
    names = [line for line in cpus.read_text().splitlines() if line.startswith("model name")] if cpus.exists() else []
    name = names[0].partition(": ")[2] if names else platform.processor()
    return f"{name or platform.machine()}, {platform.python_implementation()} {platform.python_version()}"


def log(count: int, seed: int = 1) -> Iterator[str]:
    """A log of a receiving server: so many lines, the same for the same seed; messages overlap as they do there."""
    rng = random.Random(seed)
    open_now = deque(conversation(rng) for _ in range(20))
    moment = BEGAN
    for _ in range(count):
        said = next(open_now[0], None)
        while said is None:
            open_now.popleft()
            open_now.append(conversation(rng))
            said = next(open_now[0], None)
        open_now.rotate(-rng.randrange(3))
        moment += timedelta(seconds=GAP * rng.random() * 2)
        yield f"{moment:%b} {moment.day:2} {moment:%H:%M:%S} mx1 {said}\n"


def conversation(rng: random.Random) -> Iterator[str]:
    """The lines of one client's visit."""
    peer = f"out{rng.randrange(40)}.sender{rng.randrange(900)}.example[{address(rng)}]"
    pid = rng.randrange(1000, 99999)
    if rng.random() < 0.08:
        yield noise(rng, pid)
    yield f"postfix/smtpd[{pid}]: connect from {peer}"
    if rng.random() < 0.5:
        yield (
            f"postfix/smtpd[{pid}]: Anonymous TLS connection established from {peer}: TLSv1.3 with cipher "
            "TLS_AES_256_GCM_SHA384 (256/256 bits) key-exchange X25519 server-signature RSA-PSS (2048 bits)"
        )
    if rng.random() < 0.25:
        yield from refused(rng, pid, peer)
    else:
        yield from message(rng, pid, peer)


def refused(rng: random.Random, pid: int, peer: str) -> Iterator[str]:
    """A recipient who is not there, or a client that a list names."""
    domain = peer.partition("[")[0].partition(".")[2]
    to = f"user{rng.randrange(5000)}@here.example"
    why = (
        f"550 5.1.1 <{to}>: Recipient address rejected: User unknown in virtual mailbox table"
        if rng.random() < 0.4
        else f"554 5.7.1 Service unavailable; Client host {peer[peer.index('[') :]} blocked using bl.reputon.test; "
        "see https://reputon.test/why"
    )
    yield (
        f"postfix/smtpd[{pid}]: NOQUEUE: reject: RCPT from {peer}: {why}; from=<news@{domain}> to=<{to}> "
        f"proto=ESMTP helo=<{peer.partition('[')[0]}>"
    )
    yield f"postfix/smtpd[{pid}]: disconnect from {peer} ehlo=1 mail=1 rcpt=0/1 quit=1 commands=3/4"


def message(rng: random.Random, pid: int, peer: str) -> Iterator[str]:
    """A message from its client to its removal."""
    queue_id = "4" + "".join(rng.choices("BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz0123456789", k=11))
    host, _, ip = peer.rstrip("]").partition("[")
    domain = host.partition(".")[2]
    recipients = 1 + (rng.random() < 0.2)
    yield (
        f"policyd-spf[{pid + 1}]: prepend Received-SPF: Pass (mailfrom) identity=mailfrom; client-ip={ip}; "
        f"helo={host}; envelope-from=news@{domain}; receiver=<UNKNOWN>"
    )
    yield f"postfix/smtpd[{pid}]: {queue_id}: client={peer}"
    yield f"postfix/cleanup[{pid + 2}]: {queue_id}: message-id=<{rng.getrandbits(64):x}.{pid}@{domain}>"
    yield from proofs(rng, queue_id, host, ip, domain)
    yield (
        f"postfix/qmgr[812]: {queue_id}: from=<news@{domain}>, size={rng.randrange(900, 90000)}, nrcpt={recipients} "
        "(queue active)"
    )
    yield f"postfix/smtpd[{pid}]: disconnect from {peer} ehlo=2 starttls=1 mail=1 rcpt=1 data=1 quit=1 commands=7"
    for _ in range(recipients):
        yield delivery(rng, pid, queue_id)
    yield f"postfix/qmgr[812]: {queue_id}: removed"


def proofs(rng: random.Random, queue_id: str, host: str, ip: str, domain: str) -> Iterator[str]:
    """What OpenDKIM and OpenDMARC say."""
    if rng.random() < 0.8:
        yield f"opendkim[640]: {queue_id}: {host} [{ip}] not internal"
        yield f"opendkim[640]: {queue_id}: not authenticated"
        yield f"opendkim[640]: {queue_id}: DKIM verification successful"
        yield f"opendkim[640]: {queue_id}: s=k1 d={domain} a=rsa-sha256 SSL "
        yield f"opendmarc[655]: {queue_id}: {domain} pass"
    else:
        yield f"opendkim[640]: {queue_id}: no signature data"
        yield f"opendmarc[655]: {queue_id}: {domain} none"


def delivery(rng: random.Random, pid: int, queue_id: str) -> str:
    """What became of one recipient."""
    to = f"user{rng.randrange(5000)}@here.example"
    chance = rng.random()
    if chance < 0.05:
        return (
            f"postfix/local[{pid + 3}]: {queue_id}: to=<{to}>, relay=local, delay=0.2, delays=0.1/0/0/0.1, dsn=5.1.1, "
            f'status=bounced (unknown user: "{to.partition("@")[0]}")'
        )
    status, dsn, why = (
        ("deferred", "4.2.2", "host mailbox.here.example[private/lmtp] said: 452 4.2.2 Mailbox is full")
        if chance < 0.1
        else ("sent", "2.0.0", f"250 2.0.0 <{to}> {rng.getrandbits(64):X} Saved")
    )
    return (
        f"postfix/lmtp[{pid + 3}]: {queue_id}: to=<{to}>, relay=mailbox.here.example[private/dovecot-lmtp], "
        f"delay=0.35, delays=0.2/0/0.01/0.14, dsn={dsn}, status={status} ({why})"
    )


def noise(rng: random.Random, pid: int) -> str:
    """What others write into the same log."""
    return rng.choice(
        (
            f"postfix/anvil[{pid}]: statistics: max connection rate 3/60s for (smtp:192.0.2.9) at Nov 24 00:00:00",
            f"dovecot: lmtp({pid}): Disconnect from local: Logged out (state=READY)",
            f"dovecot: imap-login: Login: user=<joe>, method=PLAIN, rip=203.0.113.9, lip=192.0.2.1, mpid={pid}, TLS",
            f"postfix/smtpd[{pid}]: warning: hostname h{pid}.example does not resolve to address 198.51.100.7",
            f"postfix/smtpd[{pid}]: lost connection after EHLO from unknown[198.51.100.7]",
        )
    )


def address(rng: random.Random) -> str:
    """A client's address, one of some thousand."""
    net = rng.choice(("192.0.2", "198.51.100", "203.0.113"))
    return f"{net}.{rng.randrange(1, 255)}" if rng.random() < 0.8 else f"2001:db8:{rng.randrange(999):x}::25"


if __name__ == "__main__":
    main()

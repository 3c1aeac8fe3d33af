"""SpamAssassin in a namespace: one run over many messages, by rules of one's own and no others."""

import mailbox
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.servers import unavailable
from tests.servers.namespace import WAIT, Namespace

PLUGINS = ("Check", "DNSEval", "URIDNSBL")
GATEWAY = "203.0.113.1"  # the receiver's own: whoever handed mail to it is the client
SETTINGS = f"""\
dns_available yes
dns_server 127.0.0.1:53
use_bayes 0
required_score 5
report_safe 0
fold_headers 0
util_rb_tld example test
trusted_networks {GATEWAY}
internal_networks {GATEWAY}
clear_headers
add_header all Flag _YESNO_
add_header all Rules _TESTS_
add_header all Lists _RBL_
"""
MESSAGE = f"""\
From MAILER-DAEMON Sat Nov 28 21:00:00 2026
Return-Path: <{{sender}}>
Received: from client.test (client.test [{{client}}]) by mx.receiver.test (Postfix) with ESMTP id 4FZ8x31DYrz1;
 Sat, 28 Nov 2026 21:00:00 +0000 (UTC)
Received: from mx.receiver.test (mx.receiver.test [{GATEWAY}]) by mail.receiver.test (Postfix) with ESMTP id 4FZ8x31DYr;
 Sat, 28 Nov 2026 21:00:00 +0000 (UTC)
From: {{sender}}
To: bob@receiver.test
Subject: {{number}}
Date: Sat, 28 Nov 2026 21:00:00 +0000
Message-ID: <{{number}}@sender.test>

{{text}}

"""


@dataclass(frozen=True)
class Mail:
    """A message to judge."""

    client: str = "192.0.2.1"
    sender: str = "anna@sender.test"
    text: str = "Hi."


@dataclass(frozen=True)
class Found:
    """What SpamAssassin says of it: whether it is spam, by which rules, and the answers of the lists."""

    spam: bool
    rules: list[str]
    lists: str


def spamassassin(place: Namespace, rules: str, mails: list[Mail]) -> Mapping[Mail, Found]:
    """What it says of each message by those rules, asking the resolver inside."""
    if shutil.which("spamassassin") is None:
        unavailable("no spamassassin: install spamassassin")
    with tempfile.TemporaryDirectory(prefix="reputon-spamassassin-") as name:
        directory = Path(name)
        plugins = "".join(f"loadplugin Mail::SpamAssassin::Plugin::{each}\n" for each in PLUGINS)
        for file, text in {"ours.pre": plugins, "ours.cf": SETTINGS + rules, "prefs": ""}.items():
            (directory / file).write_text(text)
        (directory / "in").write_text("".join(_written(number, mail) for number, mail in enumerate(mails)))
        paths = [f"--{each}path={directory}" for each in ("siteconfig", "config")]
        command = ["spamassassin", "--mbox", *paths, f"--prefspath={directory}/prefs", str(directory / "in")]
        with (directory / "out").open("wb") as out:
            done = subprocess.run([*place.inside, *command], stdout=out, stderr=subprocess.PIPE, timeout=WAIT * 2)
        assert (done.returncode, done.stderr) == (0, b"")
        return dict(_read(directory / "out", mails))


def _written(number: int, mail: Mail) -> str:
    client = f"IPv6:{mail.client}" if ":" in mail.client else mail.client
    return MESSAGE.format(number=number, client=client, sender=mail.sender, text=mail.text)


def _read(file: Path, mails: list[Mail]) -> list[tuple[Mail, Found]]:
    judged = []
    box = mailbox.mbox(file, create=False)
    try:
        for message in box:
            rules = [each for each in message["X-Spam-Rules"].split(",") if each != "none"]
            found = Found(message["X-Spam-Flag"] == "Yes", sorted(rules), message["X-Spam-Lists"])
            judged.append((mails[int(message["Subject"])], found))  # they come in no order
    finally:
        box.close()
    assert len(judged) == len(mails)
    return judged

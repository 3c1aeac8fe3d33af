"""A private Postfix: own configuration, queue and data directories, loopback only, beside any that the machine runs."""

import os
import re
import shutil
import smtplib
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.servers import unavailable
from tests.servers.namespace import Namespace

PROGRAMS = ("postfix", "postconf", "postmap", "postqueue")
WAIT = 20.0  # seconds

MASTER = """\
127.0.0.1:{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
local unix - n n - - local
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""

MAIN = {
    "compatibility_level": "3.6",
    "inet_interfaces": "127.0.0.1",
    "inet_protocols": "ipv4",
    "myhostname": "mail.sender.test",
    "mydestination": "",
    "mynetworks": "127.0.0.0/8",
    "smtpd_relay_restrictions": "permit_mynetworks, reject",
    "smtp_host_lookup": "native",
    "alias_maps": "",
    "alias_database": "",
    "local_recipient_maps": "",
    "smtpd_peername_lookup": "no",
    "notify_classes": "",
    "minimal_backoff_time": "2s",
    "maximal_backoff_time": "4s",
    "queue_run_delay": "2s",
    "transport_retry_time": "2s",
}


def needed(*programs: str) -> None:
    """Skip the test where a program or root is missing; fail it where servers are promised."""
    missing = [each for each in programs or PROGRAMS if shutil.which(each) is None]
    why = f"no {', '.join(missing)}: install postfix" if missing else "" if os.geteuid() == 0 else "must be root"
    if why:
        unavailable(why)


class Postfix:
    """A Postfix of one's own.

    `directory` must be one that every user may enter (pytest's is not); without it there is a temporary one.
    `services`: further lines of master.cf; `files`: further files of the configuration directory, by name;
    `main`: parameters over those of MAIN.  Maps are best written as `texthash:$config_directory/NAME`.
    `place`: the namespace that it runs in, instead of the machine's own network.
    """

    def __init__(
        self,
        directory: Path | None = None,
        services: str = "",
        files: Mapping[str, str] | None = None,
        place: Namespace | None = None,
        **main: str,
    ) -> None:
        needed()
        # Not pytest's own folder: only its owner may enter that, and Postfix's daemons are not root.
        self._own = tempfile.TemporaryDirectory(prefix="reputon-postfix-") if directory is None else None
        self.directory = Path(self._own.name) if self._own else directory or Path()
        self.directory.chmod(0o755)
        self._place = place
        self.port = free_port()
        self.config_dir = self.directory / "etc"
        self.log_file = self.directory / "log" / "mail.log"
        self._write(services, files or {}, main)

    def _write(self, services: str, files: Mapping[str, str], main: Mapping[str, str]) -> None:
        for name in ("etc", "spool", "data", "log"):
            (self.directory / name).mkdir(mode=0o755)
        shutil.chown(self.directory / "data", "postfix")
        places = {
            "queue_directory": self.directory / "spool",
            "data_directory": self.directory / "data",
            "maillog_file": self.log_file,
            "maillog_file_prefixes": self.directory,
        }
        lines = [f"{name} = {value}\n" for name, value in {**MAIN, **places, **main}.items()]
        (self.config_dir / "main.cf").write_text("".join(lines))
        (self.config_dir / "master.cf").write_text(MASTER.format(port=self.port) + services)
        for name, text in files.items():
            (self.config_dir / name).write_text(text)

    def __enter__(self) -> Self:
        try:
            self.run("postfix", "start")
            self.until(self._listens, "its port to open")
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        subprocess.run([*self._inside(), "postfix", "-c", self.config_dir, "stop"], capture_output=True, timeout=WAIT)
        self.close()

    def close(self) -> None:
        """Take the folder away; for one that was never started."""
        if self._own is not None:
            self._own.cleanup()

    def run(self, program: str, *arguments: str) -> str:
        """What one of Postfix's programs prints; AssertionError with its words where it fails."""
        done = subprocess.run(
            [*self._inside(), program, "-c", self.config_dir, *arguments],
            capture_output=True,
            text=True,
            timeout=WAIT * 2,
        )
        assert done.returncode == 0, f"{program} {arguments}: {done.stdout}{done.stderr}\n{self.log()[-3000:]}"
        return done.stdout

    def send(self, recipient: str, message_id: str = "", sender: str = "anna@sender.test") -> None:
        """Hand one message in by SMTP."""
        with smtplib.SMTP("127.0.0.1", self.port, timeout=WAIT) as client:
            named = f"Message-ID: {message_id}\r\n" if message_id else ""
            client.sendmail(
                sender, [recipient], f"{named}From: {sender}\r\nTo: {recipient}\r\nSubject: x\r\n\r\nHi.\r\n"
            )

    def _inside(self) -> list[str]:
        return self._place.inside if self._place else []

    def _listens(self) -> bool:
        if self._place:
            return self._place.listens(self.port)
        with socket.socket() as client:
            return client.connect_ex(("127.0.0.1", self.port)) == 0

    def log(self) -> str:
        """Everything logged so far."""
        return self.log_file.read_text(errors="replace") if self.log_file.exists() else ""

    def statuses(self, recipient: str) -> list[str]:
        """What became of the mail to a recipient: `sent`, `bounced`, `deferred`, in the order it happened."""
        return re.findall(rf" to=<{re.escape(recipient)}>,.* status=([a-z]+)", self.log())

    def queue(self) -> list[str]:
        """What still lies in the queue, one JSON object a message."""
        return self.run("postqueue", "-j").splitlines()

    def until(self, happened: Callable[[], object], what: str, seconds: float = WAIT) -> None:
        """Wait until the function says yes; AssertionError with the log's end where it never does."""
        end = time.monotonic() + seconds
        while not happened():
            assert time.monotonic() < end, f"waited {seconds} s for {what}\n{self.log()[-3000:]}"
            time.sleep(0.05)


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])

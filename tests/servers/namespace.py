"""A network of one's own: a loopback with any addresses, and files laid over those of the machine (resolv.conf)."""

import ctypes
import os
import shlex
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.servers import unavailable

WAIT = 20.0  # seconds
PROGRAMS = ("unshare", "nsenter", "ip")


class Namespace:
    """A network and a mount namespace; whatever is bound, mounted or added there ends with its last process.

    `addresses` are those of the loopback beside 127.0.0.1 and ::1: the clients that a test plays.
    `files`: what processes inside read at a path, instead of what the machine has there.
    """

    def __init__(self, addresses: Iterable[str] = (), files: Mapping[str, str] | None = None) -> None:
        missing = [each for each in PROGRAMS if shutil.which(each) is None]
        if missing or os.geteuid() != 0:
            unavailable(f"no {', '.join(missing)}: install util-linux and iproute2" if missing else "must be root")
        self._own = tempfile.TemporaryDirectory(prefix="reputon-namespace-")
        self.directory = Path(self._own.name)
        self.directory.chmod(0o755)
        self._script = "\n".join(["set -e", "ip link set lo up", *map(_address, addresses), *self._laid(files or {})])

    def _laid(self, files: Mapping[str, str]) -> list[str]:
        lines = []
        for number, (place, text) in enumerate(files.items()):
            (self.directory / str(number)).write_text(text)
            lines.append(f"mount --bind {shlex.quote(str(self.directory / str(number)))} {shlex.quote(place)}")
        return lines

    def __enter__(self) -> Self:
        # The holder waits on our pipe: should the tests be killed, it ends, and the namespaces with it.
        script = f"{self._script}\necho ready\nexec cat"
        self._holder = subprocess.Popen(
            ["unshare", "--net", "--mount", "sh", "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert self._holder.stdout is not None
        if self._holder.stdout.readline() != b"ready\n":
            self.__exit__(None, None, None)
            unavailable("this machine gives no namespaces")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._holder.communicate(timeout=WAIT)
        self._own.cleanup()

    @property
    def inside(self) -> list[str]:
        """What a command begins with that is to run inside."""
        return ["nsenter", f"--target={self._holder.pid}", "--net", "--mount", "--wd"]

    def made_socket(self, kind: socket.AddressFamily, type_: socket.SocketKind) -> socket.socket:
        """A socket inside, for a process that is outside: a socket stays where it was made."""
        # A thread of its own enters, so that the others stay where they are.
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(self._enter, kind, type_).result()

    def _enter(self, kind: socket.AddressFamily, type_: socket.SocketKind) -> socket.socket:
        place = os.open(f"/proc/{self._holder.pid}/ns/net", os.O_RDONLY)
        try:
            libc = ctypes.CDLL(None, use_errno=True)
            if libc.setns(place, 0):
                raise OSError(ctypes.get_errno(), "setns")
            return socket.socket(kind, type_)
        finally:
            os.close(place)

    def bound(self, source: str) -> socket.socket:
        """A UDP socket inside, with that address of the loopback."""
        made = self.made_socket(family(source)[0], socket.SOCK_DGRAM)
        made.setblocking(False)
        made.bind((source, 0))
        return made

    def connect(self, port: int, source: str = "127.0.0.1") -> socket.socket:
        """A TCP connection from an address of the loopback to a port of it."""
        kind, target = family(source)
        client = self.made_socket(kind, socket.SOCK_STREAM)
        try:
            client.settimeout(WAIT)
            client.bind((source, 0))
            client.connect((target, port))
        except BaseException:
            client.close()
            raise
        return client

    def listens(self, port: int) -> bool:
        """Whether somebody takes connections there."""
        try:
            self.connect(port).close()
        except ConnectionRefusedError:
            return False
        return True


def family(address: str) -> tuple[socket.AddressFamily, str]:
    """The family of a client's address, and the loopback address of that family."""
    return (socket.AF_INET6, "::1") if ":" in address else (socket.AF_INET, "127.0.0.1")


def _address(address: str) -> str:
    return f"ip address add {shlex.quote(address)}{'/128 nodad' if ':' in address else '/32'} dev lo"

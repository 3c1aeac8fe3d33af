"""Native: the compiled loop, for a server: from a file, which a process of its own makes where it is missing.

The compiler takes 120 MiB and, while it works, all time: in the server's process, nobody would be answered meanwhile.
"""

import ctypes
import gc
import hashlib
import logging
import os
import platform
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

from reputon import durable
from reputon.zone.kernel import jit
from reputon.zone.machine import image, linker

PATIENCE = 900  # seconds for the compiler: it takes 20 of a processor, and lets others go first
_MAKE = "from reputon.zone.machine import native; native.write_image()"
_PROCESSOR = Path("/proc/cpuinfo")
_OF_PROCESSOR = ("vendor_id", "cpu family", "model", "model name", "stepping", "flags")
_log = logging.getLogger(__name__)

Serve = Callable[..., None]  # (fd, buffers, table, guard, counts)


class WarmError(OSError):
    """The loop cannot be compiled here, or not be kept; the message says why."""


class Calls(NamedTuple):
    """Where the system's functions are in this process."""

    receive: int
    send: int
    tell_time: int


def calls() -> Calls:
    """Those of the C library."""
    library = ctypes.CDLL(None)
    found = (library.recvmmsg, library.sendmmsg, library.clock_gettime)
    return Calls(*(ctypes.cast(each, ctypes.c_void_p).value or 0 for each in found))


def serve() -> Serve | None:
    """The compiled loop by the best way there is; None: go on in plain Python.  It may take a minute."""
    if not jit.is_there():
        _log.warning("Numba is not installed: DNS is answered in plain Python, twenty times as slow")
        return None
    found = load()
    if found is None:
        try:
            warm()
            found = load()
        except OSError as error:
            _log.warning("the DNS server compiles in its own process, which takes 120 MiB: %s", error)
    return found if found is not None else _compile_here()


def _compile_here() -> Serve | None:
    try:
        from reputon.zone.machine import compiled

        return compiled.serve()  # type: ignore[no-any-return]
    except Exception:  # whatever a compiler trips over, there is another way to answer
        _log.exception("the loop cannot be compiled: DNS is answered in plain Python, twenty times as slow")
        return None


def load() -> Serve | None:
    """The loop that `warm` made; None: it has not, for this source, compiler and processor, or it cannot be used."""
    path = image_path()
    try:
        directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        return partial(_open(path, directory), calls())
    except FileNotFoundError:
        return None
    except (image.ImageError, OSError) as error:
        _log.warning("the compiled loop %s is not used: %s", path, error)
        return None
    finally:
        os.close(directory)


def _open(path: Path, directory: int) -> image.Code:
    # What is checked is what was opened: a name could mean another file a moment later.
    jit.check_is_ours(os.fstat(directory), path.parent)
    file = os.open(path.name, os.O_RDONLY | os.O_NOFOLLOW, dir_fd=directory)
    try:
        jit.check_is_ours(os.fstat(file), path)
        return image.open_code(file)
    finally:
        os.close(file)


def warm() -> Path:
    """Compile the loop in a process of its own and keep it; the directory.  WarmError, OSError."""
    directory = jit.make_cache_dir()
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, "-P", "-c", _MAKE]
    try:
        done = subprocess.run(  # noqa: S603 - our own interpreter, and nothing of anybody else's
            command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE, check=False
        )
    except subprocess.TimeoutExpired:
        raise WarmError(f"the compiler was not ready after {PATIENCE} seconds") from None
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise WarmError(f"the compiler failed: {said[-1] if said else done.returncode}")
    return directory


def write_image() -> None:
    """Compile the loop in this process and keep it: what `warm` starts."""
    gc.disable()  # this process ends soon, and collecting is a tenth of its work
    os.nice(10)  # what answers meanwhile comes first
    os.umask(0o022)  # a file that a group may write to would not be used
    path = image_path()
    with durable.locked(jit.make_cache_dir() / "lock"):
        if load() is None:  # another process may have been first
            from reputon.zone.machine import compiled

            if linker.can_link():
                durable.write(path, compiled.make_image())
            else:
                compiled.fill_cache()


def image_path() -> Path:
    """Where the loop for this source, compiler and processor is."""
    said = [platform.machine(), _processor(), *map(_version, ("numba", "llvmlite"))]
    return jit.cache_dir() / f"loop-{hashlib.sha256(repr(said).encode()).hexdigest()[:16]}.code"


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""


def _processor() -> list[str]:
    """What the processor can do, as the kernel says: to ask LLVM would take 55 MiB."""
    try:
        lines = _PROCESSOR.read_text().split("\n\n", 1)[0].splitlines()
    except OSError:
        return []
    return [each for each in lines if each.split("\t")[0].strip() in _OF_PROCESSOR]

"""Jit: functions that Numba compiles where it is there; the same source runs as plain Python where it is not.

A kernel function works on integers and on arrays of them only.  It must say the same in both worlds:
- two unsigned numbers make an unsigned 64-bit one, and that with a signed one a float: what comes out of an unsigned
  array has `+ 0` where it meets another of its kind;
- plain integers do not wrap: what is stored into a byte has `& 255`, and no key is wider than 32 bits.
"""

import hashlib
import logging
import os
import stat
from collections.abc import Callable
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar

_F = TypeVar("_F", bound=Callable[..., Any])

_kernel: list[Callable[..., Any]] = []
_compiled: dict[Callable[..., Any], Callable[..., Any]] = {}
_log = logging.getLogger(__name__)


class UnsafeError(OSError):
    """A place for machine code that somebody else could write to; the message says what to do."""


def kernel(function: _F) -> _F:
    """Mark a function as one that compiled code may call."""
    _kernel.append(function)
    return function


def is_there() -> bool:
    """Whether Numba is installed."""
    return find_spec("numba") is not None


def compiled(function: _F, cache: bool = True) -> _F:
    """The function as machine code, which holds no lock of Python's; it is compiled when it is first called.

    The cache lies in `cache_dir()`.  ImportError where Numba is not there.
    """
    if function not in _compiled:
        numba = _numba()
        keeps = cache and _can_keep()
        _compiled[function] = numba.njit(nogil=True, cache=keeps, error_model="numpy", _nrt=False)(function)
    return _compiled[function]  # type: ignore[return-value]


def object_of(function: Callable[..., Any], arguments: tuple[Any, ...]) -> bytes:
    """The object file of the function, compiled for such arguments and this processor.  ImportError as above.

    Its symbols are the function, as Numba calls it, and what that needs; no lock and no reference of Python's.
    """
    numba = _numba()
    from llvmlite import binding  # type: ignore[import-untyped]

    made = numba.njit(error_model="numpy", _nrt=False, no_cpython_wrapper=True, no_cfunc_wrapper=True)(function)
    made.compile(tuple(map(numba.typeof, arguments)))
    machine = binding.Target.from_default_triple().create_target_machine(
        cpu=binding.get_host_cpu_name(), features=binding.get_host_cpu_features().flatten(), opt=3, reloc="pic",
        codemodel="small",
    )  # fmt: skip
    (text,) = made.inspect_llvm().values()
    return bytes(machine.emit_object(binding.parse_assembly(text)))


def cache_dir() -> Path:
    """Where machine code is kept: of this source and no other, since Numba looks at one file of several only."""
    import platformdirs

    # Numba itself would take code that checks no bounds for code that does.
    digest = hashlib.sha256(os.environ.get("NUMBA_BOUNDSCHECK", "").encode())
    for each in sorted(Path(__file__).parents[1].rglob("*.py")):
        digest.update(each.read_bytes())
    above = os.environ.get("NUMBA_CACHE_DIR") or platformdirs.user_cache_path("reputon") / "jit"
    return Path(above) / digest.hexdigest()[:16]


def make_cache_dir() -> Path:
    """`cache_dir()`, made where it is missing; UnsafeError where others could put code there, OSError."""
    path = cache_dir()
    path.parent.mkdir(parents=True, exist_ok=True)
    with suppress(FileExistsError):
        path.mkdir(0o755)
    above = path.parent.stat()
    if not above.st_mode & stat.S_ISVTX or above.st_uid not in (0, os.geteuid()):
        check_is_ours(above, path.parent)  # else somebody could put another in its place
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        check_is_ours(os.fstat(descriptor), path)
    finally:
        os.close(descriptor)
    return path


def check_is_ours(status: os.stat_result, path: Path) -> None:
    """UnsafeError unless only this user and root can write to the file or directory: what lies there is run."""
    if status.st_uid not in (0, os.geteuid()) or status.st_mode & 0o022:
        raise UnsafeError(
            f"{path} is not used: others than this user could write machine code into it: delete it, or set "
            "NUMBA_CACHE_DIR to a directory of this user's"
        )


def _can_keep() -> bool:
    try:
        make_cache_dir()
    except OSError as error:
        _log.warning("compiled code is not kept: %s", error)
        return False
    return True


def _numba() -> Any:
    import numba
    from numba.extending import register_jitable

    if not _compiled:
        config: Any = numba.config
        config.CACHE_DIR = str(cache_dir())
        for each in _kernel:
            register_jitable(_nrt=False, forceinline=True, no_cpython_wrapper=True, no_cfunc_wrapper=True)(each)
    return numba

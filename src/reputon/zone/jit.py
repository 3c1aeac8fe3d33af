"""Jit: functions that Numba compiles where it is there; the same source runs as plain Python where it is not.

A kernel function works on integers and on arrays of them only.  It must say the same in both worlds:
- two unsigned numbers make an unsigned 64-bit one, and that with a signed one a float: what comes out of an unsigned
  array has `+ 0` where it meets another of its kind;
- plain integers do not wrap: what is stored into a byte has `& 255`, and no key is wider than 32 bits.
"""

import hashlib
import os
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar

_F = TypeVar("_F", bound=Callable[..., Any])

_kernel: list[Callable[..., Any]] = []
_compiled: dict[Callable[..., Any], Callable[..., Any]] = {}


def kernel(function: _F) -> _F:
    """Mark a function as one that compiled code may call."""
    _kernel.append(function)
    return function


def is_there() -> bool:
    """Whether Numba is installed."""
    return find_spec("numba") is not None


def compiled(function: _F, cache: bool = True) -> _F:
    """The function as machine code, which holds no lock of Python's; it is compiled when it is first called.

    The cache lies below `cache_dir()`.  ImportError where Numba is not there.
    """
    if function not in _compiled:
        numba = _numba()
        _compiled[function] = numba.njit(nogil=True, cache=cache, error_model="numpy", _nrt=False)(function)
    return _compiled[function]  # type: ignore[return-value]


def cache_dir() -> Path:
    """Where machine code is kept: of this source and no other, since Numba looks at one file of several only."""
    import platformdirs

    digest = hashlib.sha256()
    for each in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(each.read_bytes())
    above = os.environ.get("NUMBA_CACHE_DIR") or platformdirs.user_cache_path("reputon") / "jit"
    return Path(above) / digest.hexdigest()[:16]


def _numba() -> Any:
    import numba
    from numba.extending import register_jitable

    if not _compiled:
        numba.config.CACHE_DIR = str(cache_dir())
        for each in _kernel:
            register_jitable(_nrt=False, forceinline=True)(each)
    return numba

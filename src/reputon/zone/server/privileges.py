"""Privileges: those that binding a port needs, and nothing after it: given up for good, or not started at all."""

import ctypes
import os
import pwd
import sys

_PR_SET_NO_NEW_PRIVS = 38  # <linux/prctl.h>


class PrivilegeError(OSError):
    """Privileges that cannot be given up, or must be; the message says what to do."""


def drop(user: str) -> None:
    """Become `user` with no other groups, and never more than that again; empty: stay who we are.

    Call it when all ports are bound and before a thread is started: Linux knows "no new privileges" of threads.
    PrivilegeError, and then nobody must be answered.
    """
    if user:
        _become(user)
    _forbid_new()


def _become(user: str) -> None:
    try:
        known = pwd.getpwnam(user)
    except (KeyError, ValueError):
        raise PrivilegeError(f"`serve.dns.user`: there is no user {user!r}: create it, or name another") from None
    if os.geteuid() != 0:
        if os.getuid() != known.pw_uid or os.geteuid() != known.pw_uid:
            raise PrivilegeError(f"only root can become {user!r}: start it as root or as {user!r}")
        return
    if known.pw_uid == 0:
        raise PrivilegeError(f"`serve.dns.user`: {user!r} is root: name another")
    try:
        # In this order: who is no longer root may change neither its groups nor its group.
        os.setgroups([])
        os.setresgid(known.pw_gid, known.pw_gid, known.pw_gid)
        os.setresuid(known.pw_uid, known.pw_uid, known.pw_uid)
    except OSError as error:
        raise PrivilegeError(f"cannot become {user!r}: {error.strerror}") from None
    _check(known)


def _check(known: pwd.struct_passwd) -> None:
    """That there is no way back: what was given up by halves would be worse than kept, since nobody would know."""
    if os.getresuid() != (known.pw_uid,) * 3 or os.getresgid() != (known.pw_gid,) * 3 or os.getgroups():
        raise PrivilegeError(f"this system did not let us become {known.pw_name!r} for good")
    try:
        os.setuid(0)
    except OSError:
        return
    raise PrivilegeError(f"as {known.pw_name!r} we could become root again")


def _forbid_new() -> None:
    """No program that we start gets more than we have (set-user-ID bits, file capabilities)."""
    if sys.platform != "linux":
        return
    call = ctypes.CDLL(None, use_errno=True).prctl
    if call(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        raise PrivilegeError(f"cannot forbid new privileges: {os.strerror(ctypes.get_errno())}")

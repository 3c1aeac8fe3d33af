"""Privileges are given up for good, in a process of their own; without a user nothing is taken."""

import os
import pwd
import subprocess
import sys

import pytest

is_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has privileges to give up")

_TELL = """
import os, sys
from reputon.zone.server.privileges import PrivilegeError, drop
try:
    drop(sys.argv[1])
except PrivilegeError as error:
    print("refused:", error)
else:
    status = dict(line.split(":", 1) for line in open("/proc/self/status"))
    print(os.getresuid(), os.getgroups(), status["NoNewPrivs"].strip(), status["CapEff"].strip())
"""


def dropped(user, as_user=None):
    done = subprocess.run(
        [sys.executable, "-c", _TELL, user],
        capture_output=True, text=True, timeout=60, user=as_user, group=as_user, extra_groups=[] if as_user else None,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONDONTWRITEBYTECODE": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@is_root
def test_it_becomes_the_user_and_nothing_else():
    nobody = pwd.getpwnam("nobody").pw_uid
    assert dropped("nobody") == f"{(nobody,) * 3} [] 1 0000000000000000"


@is_root
def test_root_stays_root_where_nobody_is_named_and_nowhere_else():
    assert dropped("").startswith("(0, 0, 0)")
    assert "is root" in dropped("root")


def test_a_user_that_is_not_there_is_told():
    assert "there is no user 'no-such-user'" in dropped("no-such-user")


@pytest.mark.skipif(os.geteuid() == 0, reason="root can become anybody")
def test_who_is_not_root_becomes_nobody_else():
    assert "only root can become" in dropped("root")
    assert dropped("") != ""
    assert dropped(pwd.getpwuid(os.getuid()).pw_name) != ""

"""Spoilt packets: the kernel neither reads nor writes where it must not, and answers no more than is allowed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.zone.asking import Kernels, check
from tests.zone.fuzzing import Fuzzer, worlds
from tests.zone.oracle import Oracle

from reputon.zone.kernel import jit

BENCH = Path(__file__).parents[2] / "bench" / "dns_fuzz.py"


@pytest.mark.parametrize("name", worlds())
def test_spoilt_packets_get_what_the_oracle_says(name):
    zones = worlds()[name]
    kernels, oracle = Kernels(zones), Oracle(zones)
    fuzzer = Fuzzer(kernels, zones, 99)
    for _ in range(150):
        fuzzer.run(1)
        _, most, now, _ = fuzzer.last.tolist()
        check(kernels, oracle, fuzzer.packet(), now, most)


@pytest.mark.heavy
@pytest.mark.skipif(not jit.is_there(), reason="plain Python checks bounds anyway")
def test_two_hundred_thousand_with_bounds_checked():
    command = [sys.executable, str(BENCH), "--packets", "200000", "--seed", "7"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=280, env=dict(os.environ))
    assert done.returncode == 0, done.stderr[-2000:]
    assert "nothing wrong" in done.stdout

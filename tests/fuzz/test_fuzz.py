"""A short search by coverage for input that crashes, hangs or bloats a reader; longer ones are run by hand."""

import base64
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("fuzz_bounce.py")
RUNS = {"read": 6000, "kind": 6000, "mime": 5000, "dsn": 40_000, "reply": 25_000}


@pytest.mark.heavy
@pytest.mark.parametrize("target", RUNS)
def test_no_input_crashes(target, tmp_path):
    if find_spec("atheris") is None:
        why = "atheris is missing: it has wheels for Linux on x86-64 only; make .venv/ready installs it"
        if os.environ.get("REPUTON_NEED_SERVERS"):
            pytest.fail(why)
        pytest.skip(why)
    command = [sys.executable, str(SCRIPT), target, str(tmp_path), f"-runs={RUNS[target]}", "-seed=1"]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=120)
    if done.returncode:
        found = [each for each in tmp_path.iterdir() if each.name.startswith(("crash-", "timeout-", "oom-"))]
        inputs = "\n".join(f"{each.name}: {base64.b64encode(each.read_bytes()).decode()}" for each in found)
        pytest.fail(f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}\n{inputs}")

"""The layout can be read: every module says what it is, no drawer for odds and ends, nothing of this machine."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = sorted((ROOT / "src" / "reputon").rglob("*.py"))
DRAWERS = {"utils", "util", "helpers", "helper", "common", "misc", "base", "core", "tools"}
# In pieces, so that this file does not hold what it looks for.
HOSTS = ["py" + "pi.org", "python" + "hosted.org", "py" + "pi.python.org"]
MACHINE = [f"/{name}/" for name in ("work", "root")] + ["/home/" + "u"]


def tracked():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    return [ROOT / name for name in listed.decode().split("\0") if name and (ROOT / name).is_file()]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_first_line_says_what_a_module_is(path):
    said = ast.get_docstring(ast.parse(path.read_text()))
    if path.name == "__main__.py" and said is None:
        return
    assert said
    first = said.split("\n")[0]
    assert first.endswith((".", "`", ":", ")")) or len(first) > 20
    assert len(first) <= 120


def test_no_drawers():
    assert not [path for path in MODULES if path.stem in DRAWERS]


def test_no_registry_hosts_and_no_machine_paths():
    found = []
    for path in tracked():
        text = path.read_bytes().decode("utf-8", "replace")
        found += [f"{path.relative_to(ROOT)}: {each}" for each in HOSTS + MACHINE if each in text]
    assert found == []


def test_the_lock_has_hashes():
    lock = (ROOT / "requirements.lock").read_text()
    pins = re.findall(r"^[a-z0-9_.-]+(?:\[[a-z,]+\])?==", lock, flags=re.MULTILINE)
    assert len(pins) > 10
    assert lock.count("--hash=sha256:") >= len(pins)

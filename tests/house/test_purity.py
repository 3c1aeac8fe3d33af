"""Judgement is pure: no clock, file, environment or printing, which an import contract cannot show."""

import ast
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CALLS = {"open", "print", "input", "exec", "eval", "__import__", "breakpoint"}
CLOCKS = {"now", "utcnow", "today"}
FILES = {"read_text", "read_bytes", "write_text", "write_bytes", "iterdir", "glob", "rglob", "exists", "mkdir"}


def judgement():
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    (pure,) = [each for each in contracts if each["name"].startswith("Judgement is pure")]
    return pure["source_modules"]


def impurities(source):
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CALLS:
            found.append(f"{node.lineno}: calls {node.func.id}")
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CLOCKS | FILES:
            found.append(f"{node.lineno}: calls .{node.func.attr}")
        if isinstance(node, ast.Attribute) and node.attr == "environ":
            found.append(f"{node.lineno}: reads the environment")
        if isinstance(node, (ast.Global, ast.Nonlocal)):
            found.append(f"{node.lineno}: keeps state")
    return found


@pytest.mark.parametrize("module", judgement())
def test_judgement_touches_nothing(module):
    path = ROOT / "src" / Path(*module.split(".")).with_suffix(".py")
    assert impurities(path.read_text()) == []


@pytest.mark.parametrize(
    "source",
    [
        "from datetime import datetime\nx = datetime.now()",
        "open('x')",
        "path.read_text()",
        "def f():\n    global x\n    x = 1",
        "import m\nm.environ['A']",
        "print('x')",
    ],
)
def test_impurity_is_seen(source):
    assert impurities(source)


def test_the_nouns_of_every_stage_are_among_them():
    wanted = {"subject", "evidence.kinds", "score.model", "listing.policy", "zone.table", "bounce.report",
              "check.meaning", "cause.decide", "remedy.plan", "reroute.incident"}  # fmt: skip
    assert {f"reputon.{name}" for name in wanted} <= set(judgement())

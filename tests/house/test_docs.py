"""The documents tell the truth: every verb, option and key is in them, every link and command line in them works."""

import ast
import json
import re
import shlex
from pathlib import Path

import pytest
from typer.main import get_command

from reputon import config
from reputon.cli import VERBS, app

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


def commands():
    """Every verb and sub-verb with its options: (("reroute", "plan"), {"--relay", ...})."""

    def walk(command, names):
        if hasattr(command, "list_commands"):
            for name in command.list_commands(None):
                yield from walk(command.get_command(None, name), (*names, name))
        else:
            yield names, {option for each in command.params for option in each.opts if option.startswith("--")}

    yield from walk(get_command(app), ())


COMMANDS = dict(commands())


def sections():
    parts = re.split(r"^## (.+)$", (ROOT / "docs" / "cli.md").read_text(), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_verbs_stand_in_their_order():
    assert tuple(sections()) == VERBS


@pytest.mark.parametrize("names", COMMANDS, ids=" ".join)
def test_verb_is_documented(names):
    text = sections()[names[0]]
    assert f"reputon {' '.join(names)}" in text
    missing = {option for option in COMMANDS[names] if option not in text}
    assert not missing


def test_every_key_is_documented_with_its_meaning():
    page = (ROOT / "docs" / "configuration.md").read_text()
    rows = dict(re.findall(r"^\| `([a-z0-9_.]+)` \| (.+?) \|", page, flags=re.MULTILINE))
    keys = {each[0]: each[1] for each in config.keys()}  # noqa: SIM118 - a function, not a mapping
    assert set(rows) == set(keys)
    for key, value in keys.items():
        if isinstance(value, (int, float)):
            assert rows[key] == f"`{json.dumps(value)}`"  # as TOML writes it


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
        assert (page.parent / target).exists(), target


def command_lines():
    for page in PAGES:
        for block in re.findall(r"^```\w*\n(.*?)^```", page.read_text(), flags=re.MULTILINE | re.DOTALL):
            for line in block.splitlines():
                for part in line.partition("#")[0].split("|"):
                    if part.strip().startswith("reputon "):
                        yield page.name, part.strip()


@pytest.mark.parametrize(("page", "line"), list(command_lines()))
def test_command_lines_can_be_typed(page, line):
    words = shlex.split(line)[1:]
    names = tuple(words[:2]) if tuple(words[:2]) in COMMANDS else tuple(words[:1])
    assert names in COMMANDS
    unknown = {word for word in words if word.startswith("--")} - COMMANDS[names]
    assert not unknown


def test_the_two_commands_are_the_makefiles():
    readme, makefile = (ROOT / "README.md").read_text(), (ROOT / "Makefile").read_text()
    for target in ("demo", "test"):
        assert f"make {target}" in readme
        assert re.search(rf"^{target}:", makefile, flags=re.MULTILINE)


def classes():
    for path in sorted((ROOT / "src" / "reputon").rglob("*.py")):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                parts = path.relative_to(ROOT / "src" / "reputon").with_suffix("").parts
                yield ".".join(part for part in parts if part != "__init__"), node.name


def test_every_class_is_in_the_glossary_and_no_other():
    page = (ROOT / "docs" / "words.md").read_text()
    rows = re.findall(r"^\| `([a-z0-9_.]+)` \| (.+) \|$", page, flags=re.MULTILINE)
    told = {(module, name) for module, names in rows for name in re.findall(r"`(\w+)`", names)}
    assert told == set(classes())

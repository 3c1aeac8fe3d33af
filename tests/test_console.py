"""The console: what others wrote moves no cursor and names no window, on whichever way it comes to the screen."""

import json

import pytest

from reputon.cli import console

EVIL = "550 \x1b]0;owned\x07 \x1b[2J \x9b31m \x00\x08\r\x7f \x85no"
HARMLESS = "550 ]0;owned [2J 31m  no"
RAW = {chr(each) for each in [*range(32), *range(127, 160)]}


def is_harmless(text):
    return not RAW & set(text) - {"\n"}


@pytest.fixture(autouse=True)
def consoles_of_its_own(monkeypatch):
    """Each test's consoles are made new, for its own stdout and stderr."""
    for name in ("out", "err"):
        monkeypatch.delitem(vars(console), name, raising=False)


@pytest.mark.parametrize("name", ["out", "err"])
def test_no_control_character_reaches_a_screen(name, capsys):
    getattr(console, name).print(EVIL, markup=False)
    assert getattr(capsys.readouterr(), name) == f"{HARMLESS}\n"


def test_none_does_within_tables_and_titles(capsys):
    from rich.panel import Panel
    from rich.table import Table
    from rich.text import Text

    table = Table.grid()
    table.add_row(Text(EVIL, style="bold"), EVIL.replace("[", "("))
    console.out.print(Panel(table, title=Text(EVIL)))
    shown = capsys.readouterr().out
    assert "owned" in shown
    assert is_harmless(shown)


def test_our_own_colours_stay(capsys, monkeypatch):
    from rich.text import Text

    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    console.out.print(Text("\x1b[2Jno", style="bold"))
    assert capsys.readouterr().out == "\x1b[1m[2Jno\x1b[0m\n"


def test_an_error_is_one_harmless_line(capsys):
    with pytest.raises(SystemExit):
        console.fail(f"{EVIL}: no such\nfile")
    shown = capsys.readouterr().err
    assert shown.startswith("reputon: 550 ")
    assert shown.endswith(": no such file\n")
    assert shown.count("\n") == 1
    assert is_harmless(shown)


def test_json_escapes_them_and_keeps_them(capsys):
    console.print_json({"text": EVIL + "é"})
    shown = capsys.readouterr().out
    assert json.loads(shown) == {"text": EVIL + "é"}
    assert is_harmless(shown)
    assert "é" in shown


def test_words_that_turn_the_direction_of_writing_are_left_out(capsys):
    with pytest.raises(SystemExit):
        console.fail("no such file: \u202egpj.exe\u2066")
    assert capsys.readouterr().err == "reputon: no such file: gpj.exe\n"
    assert "\\u202e" in console.json_text({"text": "\u202egpj"})

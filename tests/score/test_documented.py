"""The page about the score tells the truth: its table is the parameters, its example is what the command prints."""

import re
import subprocess
import sys
from pathlib import Path

from tests.evidence_made import PARAMETERS

from reputon.cli.numbers import number

PAGE = (Path(__file__).parents[2] / "docs" / "score.md").read_text()


def block(language):
    found = re.search(rf"^```{language}\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL)
    assert found, language
    return found[1]


def test_the_table_has_the_parameters():
    rows = re.findall(r"^\| ([a-z-]+)((?: \| [0-9.]+){5}) \|$", PAGE, flags=re.MULTILINE)
    told = {name: [each for each in figures.split(" | ") if each] for name, figures in rows}
    assert told == {
        signal.name: [number(each) for each in (signal.mean, signal.strength, signal.low, signal.high, signal.weight)]
        for signal in PARAMETERS.signals
    }
    rules = [f"2^(-age/{number(PARAMETERS.half_life_days)})", f"after {PARAMETERS.memory_days} days"]
    rules += [f"at least {PARAMETERS.day_volume} messages", f"below {number(PARAMETERS.least_sample)} messages"]
    assert [rule for rule in rules if rule not in PAGE] == []


def test_the_example_is_what_is_printed(tmp_path):
    (tmp_path / "reputon.toml").write_text('state_dir = "state"\n')
    (tmp_path / "evidence.jsonl").write_text(block("json"))

    def reputon(*words):
        command = [sys.executable, "-m", "reputon.cli", *words]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)

    assert reputon("ingest", "jsonl", "evidence.jsonl", "--source", "log").returncode == 0
    explained = reputon(*block("sh").split()[1:])
    assert (explained.returncode, explained.stderr) == (0, "")
    assert explained.stdout == block("text")

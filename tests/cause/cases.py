"""Labelled cases: a bounce, the world around it, and the cause that the specification names, one TOML file each.

`about`, `bounce`, `bounce_name`, `now`; `[dns]` as in dns.json, `[inventory]` as `[sender]` of inventory.toml,
`[[sent]]` as the rows of sent.jsonl, `[[earlier]]` (name, text) as the files of bounces/; what is not there is unknown.
`[expect]`: `cause`, and where the case is about them `verified`, `provider`, `detail` and causes it is `not`; `why`.
Labels are written from the specification, not from what the program says, and changed only where they contradict it.
"""

import contextlib
import io
import json
import sys
import tempfile
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reputon import cli

FOLDER = Path(__file__).parent / "cases"
ENDS = {0, 1, 3}  # of `diagnose`: nothing refused, a refusal diagnosed, could not tell


@dataclass(frozen=True, slots=True)
class Case:
    """What happened, in `about`; `said` holds the whole file."""

    name: str
    said: Mapping[str, Any]

    @property
    def expect(self) -> Mapping[str, Any]:
        """The label: cause, and where the case is about them verified, provider, detail, and causes it is `not`."""
        label: Mapping[str, Any] = self.said["expect"]
        return label

    def unfold(self, folder: Path) -> Path:
        """Write the world into an empty folder; the bounce's path."""
        said = self.said
        (folder / "now.txt").write_text(said["now"] + "\n")
        if "dns" in said:
            (folder / "dns.json").write_text(json.dumps(said["dns"]))
        if "inventory" in said:
            lines = [f"{key} = {json.dumps(value)}" for key, value in said["inventory"].items()]
            (folder / "inventory.toml").write_text("\n".join(["[sender]", *lines, ""]))
        if "sent" in said:
            (folder / "sent.jsonl").write_text("".join(json.dumps(row) + "\n" for row in said["sent"]))
        for earlier in said.get("earlier", ()):
            (folder / "bounces").mkdir(exist_ok=True)
            (folder / "bounces" / earlier["name"]).write_text(earlier["text"])
        bounce = folder / str(said["bounce_name"])
        bounce.write_text(said["bounce"])
        return bounce

    def cause(self) -> dict[str, Any]:
        """The cause that `reputon diagnose --json --world` gives, run in this process; its id is "none" without one."""
        with tempfile.TemporaryDirectory() as name:
            lines = diagnose("--world", name, self.unfold(Path(name)))
        causes = [line["cause"] for line in lines if line.get("cause")]
        return causes[0] if causes else {"id": "none", "facts": [], "missing": []}

    def misses(self, cause: Mapping[str, Any]) -> list[str]:
        """What of the label the cause does not meet; empty where all is right."""
        wanted = {"id": self.expect["cause"]} | {
            key: self.expect[key] for key in ("verified", "provider", "detail") if key in self.expect
        }
        return [f"{key} {cause.get(key)!r}, not {value!r}" for key, value in wanted.items() if cause.get(key) != value]

    def blames_wrongly(self, cause: Mapping[str, Any]) -> bool:
        """Whether the provider is blamed for what the label lays on somebody else."""
        return bool(cause["id"] == "provider-shared" != self.expect["cause"])


def load(folder: Path = FOLDER) -> list[Case]:
    """Every case of a folder, in the order of the names."""
    return [Case(path.stem, tomllib.loads(path.read_text())) for path in sorted(folder.glob("*.toml"))]


def diagnose(*arguments: object) -> list[dict[str, Any]]:
    """The lines that the real verb prints."""
    before, out = sys.argv, io.StringIO()
    sys.argv = ["reputon", "diagnose", "--json", *map(str, arguments)]
    try:
        with contextlib.redirect_stdout(out):
            cli.main()
    except SystemExit as ended:
        if (ended.code or 0) not in ENDS:
            raise RuntimeError(f"reputon {' '.join(sys.argv[1:])} ended with {ended.code}") from ended
    finally:
        sys.argv = before
    return [json.loads(line) for line in out.getvalue().splitlines()]

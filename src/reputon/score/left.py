"""Left: what a run leaves for the next one, in one file beside its scores; a file that is broken is not there."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from reputon import durable

FILE = "scores.json"


@dataclass(frozen=True, slots=True)
class Left:
    """The last run: the folder of its scores, what they depend on, and who was told of them.

    `base`: a digest of the closed days; `hours`: of the files of evidence by the hour; `as_of`: seconds; `is_partial`:
    only some entities were scored anew; `taken_back`: evidence went away since the run before, which who is told last
    has to know; `told`: the ledger that has all of these scores, empty for none.
    """

    folder: str
    base: str
    hours: Mapping[str, list[str]]
    as_of: int
    version: str
    is_partial: bool = False
    taken_back: bool = False
    told: str = ""

    def save(self, folder: Path) -> None:
        """Write it in one step."""
        durable.write(folder / FILE, json.dumps(asdict(self)))


def load(folder: Path) -> Left | None:
    """What the last run left; None where there is nothing that could be used."""
    try:
        read = json.loads((folder / FILE).read_bytes())
        hours = {str(hour): [str(each) for each in names] for hour, names in read["hours"].items()}
        found = Left(
            str(read["folder"]), str(read["base"]), hours, int(read["as_of"]), str(read["version"]),
            bool(read["is_partial"]), bool(read["taken_back"]), str(read["told"]),
        )  # fmt: skip
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return found if Path(found.folder).name == found.folder else None

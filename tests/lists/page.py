"""The table of docs/lists.md as the data has it; to write it anew: `python -m tests.lists.page`."""

from pathlib import Path

from reputon import lists
from reputon.lists import BlockList, Catalogue
from reputon.lists.keys import STANDINGS

PAGE = Path(__file__).parents[2] / "docs" / "lists.md"
HEAD = "| list | zones | subjects | impact | status | who may ask to be removed |\n|---|---|---|---|---|---|\n"


def table(catalogue: Catalogue) -> str:
    """One row for each list, in the order of the catalogue."""
    return HEAD + "".join(f"| {' | '.join(_cells(entry))} |\n" for entry in catalogue.lists)


def _cells(entry: BlockList) -> tuple[str, ...]:
    zones = [f"`{zone}`" for zone in (entry.zone, *entry.other_zones) if zone]
    standings = {code.state for _, code in (*entry.codes, *entry.mask)}
    gravest = next((state for state in STANDINGS if state in standings), "listed")
    state = "" if gravest == "listed" else f", {gravest}"
    status = entry.status + state + (", with a key" if entry.needs_key else "")
    return entry.name, ", ".join(zones), ", ".join(entry.subjects), entry.impact, status, entry.who_may_ask or ""


def written(page: str) -> str:
    """The table that stands in the page."""
    return HEAD + page.partition(HEAD)[2].partition("\n\n")[0] + "\n"


if __name__ == "__main__":
    text = PAGE.read_text()
    PAGE.write_text(text.replace(written(text), table(lists.load())))

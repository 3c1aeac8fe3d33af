"""rbldnsd: the files of the DNSBL server of that name, all types of datasets (rbldnsd(8))."""

from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from reputon.zone.content import Content, ContentError
from reputon.zone.reading.lines import blocks, changed
from reputon.zone.reading.prefixes import name
from reputon.zone.reading.rbldnsd_lines import LINES, SPACE, told
from reputon.zone.reading.rbldnsd_loading import ACL, Loading
from reputon.zone.reading.rbldnsd_specials import special
from reputon.zone.reading.rbldnsd_writing import lines
from reputon.zone.reading.reading import Reading


def read(files: Sequence[str], origin: str, now: int) -> Reading:
    """The zones of rbldnsd's `TYPE:FILE,FILE...`, each of which is a dataset of its own; `now` in Unix seconds.

    A file without a type gets one by its first entry.  The first zone is `origin`; subzones of combined datasets
    follow.  What rbldnsd leaves out with a warning because it is legal but not wanted ($MAXRANGE4, an entry twice in a
    trie) is left out here too; raises ContentError for what it leaves out because it cannot be read.
    """
    if not files:
        raise ContentError("no file to read: name one, like ip4set:FILE")
    loading = Loading(name(origin), now)
    newest = 1
    for spec in files:
        kind, paths = _spec(spec)
        newest = max(newest, *(changed(path) for path in paths))
        loading.read(kind, paths)
    return loading.finish(newest)


def write(content: Content, out: TextIO) -> None:
    """One file of type combined; raises ContentError for a text that rbldnsd cannot say."""
    out.writelines(lines(content))


def _spec(text: str) -> tuple[str, list[Path]]:
    kind, colon, rest = text.partition(":")
    if colon and kind == "acl":
        raise ContentError(ACL)
    if colon and kind in LINES:
        return kind, [Path(each) for each in rest.split(",")]
    return _kind(Path(text)), [Path(text)]


def _kind(path: Path) -> str:
    for _, block in blocks(path):
        for line in block:
            text = line.strip(SPACE + "\r")
            if special(text).lower().startswith("dataset"):
                return "combined"
            if text and not special(text) and text[0] not in "#;" and (text[0] != ":" or text.startswith("::")):
                return told(text)
    raise ContentError(f"{path}: no entry tells what it lists: write its type before it, like ip4set:{path}")

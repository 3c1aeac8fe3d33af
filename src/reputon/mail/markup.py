"""Markup: HTML as the lines of text that a person sees."""

import html
import re

# Linear: each `<` is read up to the next one.  An address in angle brackets that nobody escaped is no tag.
_TAG = re.compile(r"<(/?[A-Za-z][A-Za-z0-9:]{0,20}+)(?=[\s/>])[^<>]*>|<[!?][^<>]*>")
_HIDDEN = frozenset(("style", "script", "title"))
_BLOCKS = frozenset(
    ("p", "br", "div", "tr", "td", "th", "table", "li", "ul", "ol", "h1", "h2", "h3", "h4", "hr", "pre", "blockquote")
)


def plain(markup: str) -> str:
    """HTML as text: blocks and table cells on lines of their own, `pre` as it stands, no styles, scripts, comments."""
    out: list[str] = []
    hidden, kept = 0, 0
    pieces = _TAG.split(_without_comments(markup))
    for text, tag in zip(pieces[::2], [*pieces[1::2], None], strict=True):
        if not hidden:
            out.append(text if kept else _on_one_line(text))
        if not tag:
            continue
        name = tag.lower().lstrip("/")
        step = -1 if tag[0] == "/" else 1
        if name in _BLOCKS:
            out.append("\n")
            kept = max(0, kept + step) if name == "pre" else kept
        elif name in _HIDDEN:
            hidden = max(0, hidden + step)
    return unescaped("".join(out)).replace("\xa0", " ")


def unescaped(text: str) -> str:
    """Text with its character references resolved; a number that no character has becomes the replacement mark."""
    return html.unescape(_NO_CHARACTER.sub("\ufffd", text)) if "&" in text else text


# The standard library turns each number into an integer, and refuses those of thousands of digits with an error.
_NO_CHARACTER = re.compile(r"&#(?:[0-9]{9,}+|[xX][0-9A-Fa-f]{9,}+);?")
_SPACES = re.compile(r"\s+")


def _on_one_line(text: str) -> str:
    return _SPACES.sub(" ", text) if text else text


def _without_comments(markup: str) -> str:
    """What stands outside `<!--` and `-->`; one that is never closed hides nothing."""
    first, *rest = markup.split("<!--")
    if not rest:
        return markup
    if "-->" not in rest[-1]:
        rest[-1] = f"-->{rest[-1]}"
    return first + "".join(each.partition("-->")[2] for each in rest)

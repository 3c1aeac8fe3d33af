"""Forms: the templates of tickets as text, Markdown and HTML, in which no value can become markup or a new line."""

import re
import textwrap
from functools import cache
from typing import Any, Literal

Form = Literal["text", "markdown", "html"]

PAGE = 60  # lines
ROWS = 10  # messages at most
WIDTH = 100  # characters of a line of text
# What Markdown reads as markup: anywhere, and at the beginning of a line, where a value may stand after a bullet.
_MARKUP = re.compile(r"[\\`*_\[\]<>#|~]|&(?=#?\w{1,40};)|^[-+=]|^\d{1,9}(?=[.)](?:\s|$))")


def render(audience: str, form: Form, **values: Any) -> str:
    """The template of an audience (`provider`, `receiver`) in one form, with as many messages as one page holds."""
    template = _environment(form).get_template(f"{audience}.jinja")
    for rows in range(ROWS, 0, -1):
        text = str(template.render(form=f"{form}.jinja", rows=rows, **values)).strip()
        if text.count("\n") < PAGE:
            break
    return text + "\n"


@cache
def _environment(form: Form) -> Any:
    import jinja2  # a tenth of a second, and only tickets need it

    made = jinja2.Environment(
        loader=jinja2.PackageLoader("reputon.remedy", "tickets"),
        autoescape=form == "html",  # noqa: S701 - text is not read as HTML; Markdown has the filters below
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    made.filters |= {"wrapped": wrapped, "code": code, "cell": cell, "prose": prose}
    return made


def wrapped(text: str, first: int, further: int) -> str:
    """A line as lines of text, the first and the further ones indented: what wraps begins nothing new."""
    lines = textwrap.wrap(
        text, WIDTH, initial_indent=" " * first, subsequent_indent=" " * further, break_long_words=False,
        break_on_hyphens=False,
    )  # fmt: skip
    return "\n".join(lines)


def code(text: str) -> str:
    """A Markdown code span, in which nothing is markup (CommonMark section 6.1)."""
    fence = "`" * (1 + max((len(run) for run in re.findall(r"`+", text)), default=0))
    pad = " " if text[:1] == "`" or text[-1:] == "`" else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def cell(text: str) -> str:
    """A code span in a table, where a bar would end the cell even there."""
    return code(text.replace("|", "\\|"))


def prose(text: str) -> str:
    """Words as Markdown that means just them."""
    return _MARKUP.sub(lambda found: _escaped(found.group()), text)


def _escaped(markup: str) -> str:
    return f"{markup}\\" if markup.isdecimal() else f"\\{markup}"  # a number is none of a list with a bare dot

"""Step: one thing to do, or not to do: what, why, who, where, how long it takes."""

from dataclasses import dataclass
from typing import Literal

When = Literal["now", "ask", "wait", "never"]


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do (or, with `when` = `never`, not to do).

    `where` is a page, an address or a command line, to be copied as it is; `id` is the name of its maker, with hyphens.
    """

    when: When
    do: str
    why: str
    who: str
    where: str | None = None
    takes: str | None = None
    id: str = ""

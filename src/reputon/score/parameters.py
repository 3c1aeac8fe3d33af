"""The published parameters, read from the file beside this one or from a user's own."""

import tomllib
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from reputon.score.model import Parameters, Signal


class ParametersError(ValueError):
    """A parameter file that cannot be used; the message names the file and the key."""


def load(path: Path | None = None) -> Parameters:
    """The parameters of `path`, or those that are published with this version."""
    return _shipped() if path is None else _parse(path.read_text(), str(path))


@cache
def _shipped() -> Parameters:
    return _parse((resources.files(__package__) / "parameters.toml").read_text(), "parameters.toml")


def _parse(text: str, name: str) -> Parameters:
    try:
        table: dict[str, Any] = tomllib.loads(text)
        return Parameters(
            version=str(table["version"]),
            half_life_days=float(table["half_life_days"]),
            memory_days=int(table["memory_days"]),
            day_volume=int(table["day_volume"]),
            least_sample=float(table["least_sample"]),
            signals=tuple(Signal(name=key, **each) for key, each in table["signal"].items()),
        )
    except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as error:
        raise ParametersError(f"{name}: {type(error).__name__}: {error}") from None

"""Keys: what each key of a catalogue must look like; one reader per key, ValueError says what was expected."""

from collections.abc import Callable
from ipaddress import ip_address
from typing import Any, get_args

from reputon.lists.blocklist import Code, ListStatus, Pattern, Standing, SubjectKind
from reputon.subject import domain

_KEY = "{key}"

STANDINGS: tuple[Standing, ...] = get_args(Standing)


def _text(value: Any, _: Standing) -> str:
    if not isinstance(value, str):
        raise ValueError("expected a text")  # noqa: TRY004 - caught with the key's name added
    return value


def _zone(value: Any, standing: Standing) -> str:
    """A name that DNS can hold, in the case that its list writes; "" for a list without one."""
    text = _text(value, standing).strip()
    name = domain(text) if text else ""
    return text.rstrip(".") if text.isascii() else name


def _zones(value: Any, standing: Standing) -> tuple[str, ...]:
    return tuple(_zone(each, standing) for each in _texts(value, standing))


def _keyed(value: Any, standing: Standing) -> str:
    text = _text(value, standing)
    if _KEY not in text:
        raise ValueError(f"expected a zone with {_KEY} in it")
    _zone(text.replace(_KEY, "k"), standing)
    return text


def _point(value: Any, standing: Standing) -> str:
    """A test entry: an address, or a name of one label too."""
    text = _text(value, standing)
    try:
        return str(ip_address(text))
    except ValueError:
        return domain(text)


def _yes_no(value: Any, _: Standing) -> bool:
    if not isinstance(value, bool):
        raise ValueError("expected true or false")  # noqa: TRY004 - as above
    return value


def _limit(least: float, words: str) -> Callable[[Any, Standing], float]:
    """A number of questions; one that is too small would hold a check back for ever."""

    def read(value: Any, _: Standing) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value < 1e9:
            raise ValueError(f"expected a number of questions, at least {words}")
        return value

    return read


def _texts(value: Any, _: Standing) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(each, str) and each.strip() for each in value):
        raise ValueError("expected a list of texts")
    return tuple(value)


def _one_of(*allowed: str) -> Callable[[Any, Standing], str]:
    def read(value: Any, _: Standing) -> str:
        if value not in allowed:
            raise ValueError(f"expected one of {', '.join(allowed)}")
        return str(value)

    return read


def _subjects(value: Any, standing: Standing) -> tuple[str, ...]:
    kinds = _texts(value, standing)
    if not kinds or not set(kinds) <= set(get_args(SubjectKind)):
        raise ValueError(f"expected a list of {', '.join(get_args(SubjectKind))}")
    return kinds


def _codes(value: Any, standing: Standing) -> tuple[tuple[Pattern, Code], ...]:
    return tuple((Pattern.parse(key), _code(item, standing)) for key, item in _table(value).items())


def _mask(value: Any, standing: Standing) -> tuple[tuple[int, Code], ...]:
    bits = {1 << shift for shift in range(8)}
    for key in _table(value):
        if not key.isdecimal() or int(key) not in bits:
            raise ValueError(f"{key!r} is not a bit: expected 1, 2, 4, ... 128")
    return tuple((int(key), _code(item, standing)) for key, item in _table(value).items())


def _named_codes(value: Any, standing: Standing) -> tuple[tuple[Pattern, str], ...]:
    return tuple((Pattern.parse(key), _text(item, standing)) for key, item in _table(value).items())


def _table(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError('expected a table such as {"127.0.0.2" = "listed"}')  # noqa: TRY004 - as above
    return value


def _code(value: Any, standing: Standing) -> Code:
    """A meaning alone has the list's own state; `{meaning, state}` has another."""
    if isinstance(value, str):
        return Code(value, standing)
    if not isinstance(value, dict) or set(value) != {"meaning", "state"} or value["state"] not in STANDINGS:
        raise ValueError(f"expected a meaning, or {{meaning, state}} with a state of {', '.join(STANDINGS)}")
    return Code(_text(value["meaning"], standing), value["state"])


LIST_KEYS: dict[str, Callable[[Any, Standing], Any]] = {
    "name": _text,
    "zone": _zone,
    "subjects": _subjects,
    "codes": _codes,
    "mask": _mask,
    "errors": _named_codes,
    "removal": _text,
    "who_may_ask": _text,
    "status": _one_of(*get_args(ListStatus)),
    "needs_key": _yes_no,
    "keyed": _keyed,
    "registration": _text,
    "test_listed": _point,
    "test_clean": _point,
    "impact": _one_of("high", "medium", "low"),
    "per_second": _limit(1 / 60, "1/60 (0.017)"),
    "per_day": _limit(1, "1"),
    "part_of": _text,
    "other_zones": _zones,
    "words": _texts,
    "signs": _texts,
    "known_as": _text,
    "note": _text,
    "origin": _text,
    "as_of": _text,
    "example": _text,
}

MIRROR_KEYS: dict[str, Callable[[Any, Standing], Any]] = {
    "zone": _zone,
    "receiver": _text,
    "codes": _named_codes,
    "other_zones": _zones,
    "origin": _text,
    "as_of": _text,
}

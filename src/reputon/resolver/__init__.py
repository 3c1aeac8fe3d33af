"""Asking DNS: questions in, answers out, and "could not tell" is an answer with its reason.

The same protocol is served by real servers, by the files of a made world, and by nobody (offline), so that every
judgement about DNS can be tried without a network.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

WORLD_SIZE = 16 << 20  # bytes of a dns.json that we are willing to read
PORT = 53
_SHOWN = 80  # characters of a wrong name that a message repeats
_EXPECTED = """lists of texts, as in {"TXT": ["v=spf1 -all"]}, or {"rcode": "SERVFAIL"}, or {"timeout": true}"""


class ResolverError(ValueError):
    """A resolver that cannot be used as named; the message says what to write instead."""


class Status(StrEnum):
    """What became of a question.  Everything but the first three is "unknown", never "not there"."""

    ANSWER = "answer"
    NODATA = "nodata"
    NXDOMAIN = "nxdomain"
    SERVFAIL = "servfail"
    REFUSED = "refused"
    TIMEOUT = "timeout"
    ERROR = "error"
    NOT_ASKED = "not-asked"


@dataclass(frozen=True, slots=True)
class Question:
    """A name (no last dot needed) and a record type such as `A`, `TXT`, `MX`, `PTR`."""

    name: str
    rdtype: str


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to one question: `records` as text (TXT joined and unquoted), `why` for an unknown one."""

    question: Question
    status: Status
    records: tuple[str, ...] = ()
    why: str = ""

    @property
    def is_known(self) -> bool:
        """Whether DNS said what is there, be it nothing."""
        return self.status in (Status.ANSWER, Status.NODATA, Status.NXDOMAIN)


class Resolver(Protocol):
    """Whoever answers questions: one call for many, so that they can be asked at the same time."""

    def ask(self, questions: Iterable[Question]) -> list[Answer]:
        """One answer per question, in their order; never raises for what the network does."""
        ...


@runtime_checkable
class PacedResolver(Resolver, Protocol):
    """One that can hold questions back until their time has come."""

    def ask_at(self, questions: Sequence[Question], at: Sequence[float] | None) -> list[Answer]:
        """As `ask`, each question not before its time (seconds of `time.monotonic`)."""
        ...


@runtime_checkable
class SeveralServers(Protocol):
    """A resolver that asks other servers when its first is silent."""

    def others(self) -> Sequence[Resolver]:
        """Those others, each alone."""
        ...


class Nobody:
    """The resolver of an offline run: nothing is asked, and everything is unknown because of that."""

    def __init__(self, why: str = "not asked: offline") -> None:
        self.why = why

    def ask(self, questions: Iterable[Question]) -> list[Answer]:
        """Every question unanswered, with the reason."""
        return [Answer(question, Status.NOT_ASKED, why=self.why) for question in questions]


class World:
    """The DNS of a made world, read from a `dns.json` (DESIGN.md section 4).

    A name that is not there is NXDOMAIN, one without the type NODATA; `*.` matches any labels below it;
    `{"rcode": ...}` and `{"timeout": true}` are the answers of broken servers.
    """

    def __init__(self, names: Mapping[str, Mapping[str, Any]]) -> None:
        self._names = {name.rstrip(".").lower(): entry for name, entry in names.items()}

    @classmethod
    def read(cls, path: Path) -> "World":
        """Read a dns.json; ResolverError where it is none."""
        with path.open("rb") as file:
            content = file.read(WORLD_SIZE + 1)
        if len(content) > WORLD_SIZE:
            raise ResolverError(f"{path} is larger than {WORLD_SIZE >> 20} MiB")
        try:
            names = json.loads(content)
        except (ValueError, RecursionError) as error:
            raise ResolverError(f"{path} is not JSON: {error}") from None
        if not isinstance(names, dict) or not all(isinstance(entry, dict) for entry in names.values()):
            raise ResolverError(f'{path}: expected {{"name": {{"A": ["192.0.2.1"]}}}}')
        for name, entry in names.items():
            wrong = next((key for key, value in entry.items() if not _is_said(key, value)), None)
            if wrong is not None:
                raise ResolverError(f"{path}: {name[:_SHOWN]!r}: {wrong[:_SHOWN]!r}: expected {_EXPECTED}")
        return cls(names)

    def ask(self, questions: Iterable[Question]) -> list[Answer]:
        """The file's answers."""
        return [self._answer(question) for question in questions]

    def _answer(self, question: Question) -> Answer:
        entry = self._find(question.name.rstrip(".").lower())
        if entry is None:
            return Answer(question, Status.NXDOMAIN)
        if entry.get("timeout"):
            return Answer(question, Status.TIMEOUT, why="no answer in time")
        if "rcode" in entry:
            return of_rcode(question, str(entry["rcode"]).upper())
        records = tuple(str(record) for record in entry.get(question.rdtype, ()))
        return Answer(question, Status.ANSWER if records else Status.NODATA, records)

    def _find(self, name: str) -> Mapping[str, Any] | None:
        if name in self._names:
            return self._names[name]
        labels = name.split(".")
        for cut in range(1, len(labels)):
            entry = self._names.get("*." + ".".join(labels[cut:]))
            if entry is not None:
                return entry
        below = "." + name  # a name with names below it exists, empty (RFC 8020)
        return {} if any(other.endswith(below) for other in self._names) else None


def _is_said(key: str, value: object) -> bool:
    """Whether a made world may say this of a name: `key` is a record type, `rcode` or `timeout`."""
    if key == "timeout":
        return isinstance(value, bool)
    if key == "rcode":
        return isinstance(value, str)
    return isinstance(value, list) and all(isinstance(record, str) for record in value)


def named(text: str) -> Resolver:
    """The resolver that a person named: `system`, `HOST`, `HOST:PORT` or `[IPv6]:PORT`."""
    from reputon.resolver import servers  # dnspython takes 40 ms, and an offline run needs none of it

    if text == "system":
        return servers.of_system() or Nobody("not asked: this machine names no DNS resolver")
    host, port = _host_and_port(text)
    try:
        return servers.Servers([(str(ip_address(host)), port)])
    except ValueError:
        raise ResolverError(f"resolver {text!r}: expected `system` or ADDRESS[:PORT], as in 127.0.0.1:5300") from None


def _host_and_port(text: str) -> tuple[str, int]:
    host, separator, port = text.rpartition(":")
    if not separator or text.endswith("]") or (":" in host and not host.startswith("[")):
        return text.strip("[]"), PORT
    if not port.isdecimal() or not 0 < int(port) < 1 << 16:
        raise ResolverError(f"resolver {text!r}: {port!r} is not a port")
    return host.strip("[]"), int(port)


def silence(answer: Answer) -> str:
    """Why an answer is unknown."""
    reasons = {Status.TIMEOUT: "no answer in time", Status.NOT_ASKED: "not asked"}
    return answer.why or reasons.get(answer.status, f"the server said {answer.status.upper()}")


def of_rcode(question: Question, rcode: str, extra: str = "") -> Answer:
    """The answer that is only a return code (RFC 1035 section 4.1.1), by its name."""
    status = {"NXDOMAIN": Status.NXDOMAIN, "SERVFAIL": Status.SERVFAIL, "REFUSED": Status.REFUSED}.get(
        rcode, Status.ERROR
    )
    why = "" if status is Status.NXDOMAIN else f"the server said {rcode}" + (f" ({extra})" if extra else "")
    return Answer(question, status, why=why)

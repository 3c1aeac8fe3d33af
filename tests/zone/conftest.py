"""A ledger in memory, a clock that is set by hand, and a running server."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest

from reputon.subject import parse
from reputon.zone.own import Settings
from reputon.zone.publish import Publisher
from reputon.zone.server.server import Options, Server

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Reason:
    kind: str
    share: float
    count: int = 1


@dataclass(frozen=True)
class Listing:
    subject: object
    scope: str
    reasons: tuple[Reason, ...]
    expires: datetime


@dataclass(frozen=True)
class Score:
    subject: object
    value: float
    confidence: float = 0.8
    sample: int = 1234
    top: str = "complaint:HIGH"
    shared: bool = False


@dataclass
class Ledger:
    listed: list[Listing] = field(default_factory=list)
    scored: list[Score] = field(default_factory=list)
    number: int = 1
    broken: bool = False

    def revision(self):
        if self.broken:
            raise OSError("database is locked")
        return self.number

    def listings(self, now):
        return [each for each in self.listed if each.expires > now]

    def scores(self):
        return list(self.scored)

    def list(self, who, *reasons, hours=24.0):
        subject = parse(who)
        scope = "address" if subject.kind == "ip" else "tenant"
        expires = NOW + timedelta(hours=hours)
        self.listed.append(Listing(subject, scope, reasons or (Reason("score", 1.0),), expires))
        self.number += 1

    def score(self, who, value, **more):
        self.scored.append(Score(parse(who), value, **more))
        self.number += 1


@pytest.fixture
def ledger():
    return Ledger()


@pytest.fixture
def reason():
    return Reason


@pytest.fixture
def clock():
    class Clock:
        now = NOW

        def __call__(self):
            return self.now

        def pass_(self, **much):
            self.now += timedelta(**much)

    return Clock()


@pytest.fixture
def settings():
    return Settings("reputon.test", "https://reputon.test/{subject}")


@pytest.fixture
def publisher(ledger, settings, clock):
    return Publisher(ledger, settings, clock)


@pytest.fixture
def serve(publisher, clock):
    """Starts servers at what the publisher has, in plain Python unless told otherwise."""

    def start(*listen, **options):
        plain = Options(is_fast=False, clock=lambda: clock().timestamp())
        server = Server(publisher.table, listen or [("127.0.0.1", 0)], replace(plain, **options))
        publisher.tell(server.swap)
        return server

    return start


@pytest.fixture
def running(serve):
    with serve() as server:
        yield server

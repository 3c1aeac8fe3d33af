"""Asking DNS: a made world's answers, real answers over UDP and TCP on loopback, and servers that misbehave."""

import json
import socket
import socketserver
import struct
import threading
from collections.abc import Callable, Iterator
from typing import Any

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reputon import resolver
from reputon.resolver import Answer, Nobody, Question, ResolverError, Status, World
from reputon.resolver.servers import Servers

NAMES: dict[str, dict[str, Any]] = {
    "example.org": {"TXT": ["v=spf1 -all"], "MX": ["10 mx.example.org"]},
    "2.0.0.127.bl.example": {"A": ["127.0.0.2", "127.0.0.4"]},
    "*.dead.example": {"A": ["203.0.113.5"]},
    "own.dead.example": {"TXT": ["mine"]},
    "x.example": {"rcode": "servfail"},
    "no.example": {"rcode": "REFUSED"},
    "odd.example": {"rcode": "NOTIMP"},
    "slow.example": {"timeout": True},
}


# --- made worlds -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "rdtype", "status", "records"),
    [
        ("example.org", "TXT", "answer", ("v=spf1 -all",)),
        ("Example.ORG.", "MX", "answer", ("10 mx.example.org",)),
        ("example.org", "A", "nodata", ()),
        ("2.0.0.127.bl.example", "A", "answer", ("127.0.0.2", "127.0.0.4")),
        ("0.127.bl.example", "A", "nodata", ()),  # a name with names below it exists (RFC 8020)
        ("3.0.0.127.bl.example", "A", "nxdomain", ()),
        ("bl.example.org", "A", "nxdomain", ()),
        ("a.dead.example", "A", "answer", ("203.0.113.5",)),
        ("a.b.c.dead.example", "A", "answer", ("203.0.113.5",)),
        ("a.dead.example", "TXT", "nodata", ()),
        ("own.dead.example", "TXT", "answer", ("mine",)),  # the name itself goes before the wildcard
        ("own.dead.example", "A", "nodata", ()),
        ("dead.example", "A", "nodata", ()),  # a wildcard is below its name, not at it
        ("undead.example", "A", "nxdomain", ()),
        ("x.example", "A", "servfail", ()),
        ("no.example", "A", "refused", ()),
        ("odd.example", "A", "error", ()),
        ("slow.example", "A", "timeout", ()),
        ("", "A", "nxdomain", ()),
    ],
)
def test_a_made_world_answers(name, rdtype, status, records):
    (answer,) = World(NAMES).ask([Question(name, rdtype)])
    assert (answer.status, answer.records) == (status, records)
    assert answer.question == Question(name, rdtype)
    assert answer.is_known == (status in ("answer", "nodata", "nxdomain"))
    assert bool(answer.why) != answer.is_known


def test_answers_keep_the_order_of_the_questions():
    questions = [Question(name, "A") for name in ("b.example", "2.0.0.127.bl.example", "b.example", "slow.example")]
    assert [answer.question for answer in World(NAMES).ask(questions)] == questions
    assert World({}).ask([]) == []


def test_a_world_is_read_from_a_file(tmp_path):
    path = tmp_path / "dns.json"
    path.write_text(json.dumps(NAMES))
    assert World.read(path).ask([Question("example.org", "TXT")])[0].records == ("v=spf1 -all",)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'"x"', b'{"example.org": ["A"]}', b"\xff", b"[" * 100_000, b'{"a": null}']
)
def test_a_file_that_is_no_world_is_a_sentence(tmp_path, content):
    path = tmp_path / "dns.json"
    path.write_bytes(content)
    with pytest.raises(ResolverError, match=r"dns\.json"):
        World.read(path)


@pytest.mark.parametrize(
    "entry",
    [
        {"TXT": 5},
        {"TXT": "v=spf1"},
        {"TXT": None},
        {"TXT": {"v=spf1": 1}},
        {"MX": ["10 mx.example.org"], "A": [5]},
        {"rcode": 2},
        {"timeout": "no"},
    ],
)
def test_a_name_that_says_no_lists_of_texts_is_named(tmp_path, entry):
    path = tmp_path / "dns.json"
    path.write_text(json.dumps({**NAMES, "odd.example.net": entry}))
    with pytest.raises(ResolverError, match=r"dns\.json: 'odd\.example\.net': '\w+': expected lists of texts"):
        World.read(path)


def test_a_world_has_a_largest_size(tmp_path, monkeypatch):
    monkeypatch.setattr(resolver, "WORLD_SIZE", 1 << 20)
    path = tmp_path / "dns.json"
    path.write_bytes(b"{}" + b" " * (1 << 20))
    with pytest.raises(ResolverError, match="larger than 1 MiB"):
        World.read(path)


labels = st.text("ab", min_size=1, max_size=2)
names = st.lists(labels, min_size=1, max_size=4).map(".".join)


@given(st.dictionaries(names, st.just({"A": ["127.0.0.2"]}), max_size=6), names)
def test_a_name_is_there_exactly_where_it_or_something_below_it_is(world, name):
    (answer,) = World(world).ask([Question(name, "A")])
    below = any(other.endswith("." + name) for other in world)
    expected = Status.ANSWER if name in world else Status.NODATA if below else Status.NXDOMAIN
    assert answer.status is expected


def test_nobody_knows_nothing_and_says_why():
    (answer,) = Nobody().ask([Question("example.org", "A")])
    assert (answer.status, answer.is_known) == (Status.NOT_ASKED, False)
    assert answer.why == "not asked: offline"
    assert Nobody("because").ask([Question("example.org", "A")])[0].why == "because"


# --- naming a resolver -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "server"),
    [
        ("127.0.0.1", ("127.0.0.1", 53)),
        ("127.0.0.1:5300", ("127.0.0.1", 5300)),
        ("::1", ("::1", 53)),
        ("[::1]", ("::1", 53)),
        ("[::1]:5300", ("::1", 5300)),
    ],
)
def test_a_resolver_is_named(text, server):
    found = resolver.named(text)
    assert isinstance(found, Servers)
    assert found.servers == (server,)


@pytest.mark.parametrize(
    "text", ["", "dns.example.org", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:99999", "127.0.0.1:x", "1.2.3", ":53"]
)
def test_what_is_no_resolver_is_a_sentence(text):
    with pytest.raises(ResolverError, match="resolver"):
        resolver.named(text)


# --- real servers ----------------------------------------------------------------------------------------------------

Handler = Callable[[dns.message.Message], dns.message.Message | bytes | None]


class Fake:
    """A DNS server on one loopback port, UDP and TCP, that answers as `udp` and `tcp` (functions of a query) say."""

    def __init__(self, udp: Handler, tcp: Handler | None = None) -> None:
        self.questions: list[str] = []
        self._udp = socketserver.ThreadingUDPServer(("127.0.0.1", 0), self._handler(udp, stream=False))
        self.port: int = self._udp.server_address[1]
        self._all: list[Any] = [self._udp]
        if tcp is not None:
            socketserver.ThreadingTCPServer.allow_reuse_address = True
            self._all.append(socketserver.ThreadingTCPServer(("127.0.0.1", self.port), self._handler(tcp, stream=True)))
        for server in self._all:
            threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()

    def _handler(self, answer: Handler, stream: bool) -> type[socketserver.BaseRequestHandler]:
        fake = self

        class One(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                wire = self.request.recv(4096)[2:] if stream else self.request[0]
                query = dns.message.from_wire(wire)
                fake.questions.append(f"{'tcp' if stream else 'udp'} {query.question[0].to_text()}")
                said = answer(query)
                data = said.to_wire() if isinstance(said, dns.message.Message) else said
                if data is None:
                    return
                if stream:
                    self.request.sendall(struct.pack("!H", len(data)) + data)
                else:
                    self.request[1].sendto(data, self.client_address)

        return One

    def ask(self, name: str = "a.example", rdtype: str = "A", timeout: float = 0.3, tries: int = 1) -> Answer:
        """One question, asked for real."""
        return Servers([("127.0.0.1", self.port)], timeout=timeout, tries=tries).ask([Question(name, rdtype)])[0]

    def close(self) -> None:
        for server in self._all:
            server.shutdown()
            server.server_close()


@pytest.fixture
def serve() -> Iterator[Callable[..., Fake]]:
    running: list[Fake] = []

    def start(udp: Handler, tcp: Handler | None = None) -> Fake:
        running.append(Fake(udp, tcp))
        return running[-1]

    yield start
    for fake in running:
        fake.close()


def answering(*records: str, rdtype: str = "A", rcode: dns.rcode.Rcode = dns.rcode.NOERROR) -> Handler:
    """A handler that answers with these records."""

    def answer(query: dns.message.Message) -> dns.message.Message:
        response = dns.message.make_response(query)
        response.set_rcode(rcode)
        if records:
            name = query.question[0].name
            response.answer.append(dns.rrset.from_text(name, 60, "IN", rdtype, *records))
        return response

    return answer


@pytest.mark.parametrize(
    ("records", "rdtype", "rcode", "status", "text"),
    [
        (("127.0.0.2",), "A", dns.rcode.NOERROR, "answer", ("127.0.0.2",)),
        (('"one " "and two"',), "TXT", dns.rcode.NOERROR, "answer", ("one and two",)),
        (("a.example.",), "PTR", dns.rcode.NOERROR, "answer", ("a.example",)),
        ((), "A", dns.rcode.NOERROR, "nodata", ()),
        ((), "A", dns.rcode.NXDOMAIN, "nxdomain", ()),
        ((), "A", dns.rcode.SERVFAIL, "servfail", ()),
        ((), "A", dns.rcode.REFUSED, "refused", ()),
        ((), "A", dns.rcode.NOTIMP, "error", ()),
    ],
)
def test_a_server_answers(serve, records, rdtype, rcode, status, text):
    answer = serve(answering(*records, rdtype=rdtype, rcode=rcode)).ask(rdtype=rdtype)
    assert (answer.status, answer.records) == (status, text)
    assert answer.is_known or answer.why


def test_records_of_another_type_are_no_answer(serve):
    assert serve(answering("other.example.", rdtype="CNAME")).ask().status is Status.NODATA


def test_many_questions_are_asked_at_once_and_come_back_in_order(serve):
    def by_name(query):
        return answering(f"127.0.0.{query.question[0].name.labels[0].decode()}")(query)

    fake = serve(by_name)
    questions = [Question(f"{number}.bl.example", "A") for number in range(2, 202)]
    found = Servers([("127.0.0.1", fake.port)], timeout=5).ask(questions)
    assert [answer.records for answer in found] == [(f"127.0.0.{number}",) for number in range(2, 202)]


def wrong_id(query: dns.message.Message) -> dns.message.Message:
    """An answer that a guesser would send."""
    response = dns.message.make_response(query)
    response.id ^= 1
    return response


def wrong_question(query: dns.message.Message) -> Any:
    """An answer to what we did not ask."""
    return answering("127.0.0.2")(dns.message.make_query("other.example", "A", id=query.id))


def cut_short(query: dns.message.Message) -> bytes:
    """An answer that ends in the middle of its address."""
    response: Any = answering("127.0.0.2")(query)
    wire: bytes = response.to_wire()
    return wire[:-2]


@pytest.mark.parametrize(
    "handler",
    [
        wrong_id,
        wrong_question,
        lambda query: b"",
        lambda query: b"\x00" * 11,
        lambda query: query,  # our own question, reflected
        cut_short,
    ],
    ids=["another id", "another question", "empty", "short", "reflected", "cut short"],
)
def test_what_is_no_answer_to_our_question_is_never_known(serve, handler):
    answer = serve(handler).ask()
    assert not answer.is_known
    assert answer.records == ()
    assert answer.why


def test_silence_is_a_timeout_after_every_try(serve):
    fake = serve(lambda query: None)
    answer = fake.ask(timeout=0.1, tries=3)
    assert answer.status is Status.TIMEOUT
    assert "3 tries" in answer.why
    assert len(fake.questions) == 3


def test_the_next_server_is_asked_when_one_fails(serve):
    broken, good = serve(answering(rcode=dns.rcode.SERVFAIL)), serve(answering("127.0.0.2"))
    servers = Servers([("127.0.0.1", broken.port), ("127.0.0.1", good.port)], timeout=1, tries=2)
    assert servers.ask([Question("a.example", "A")])[0].records == ("127.0.0.2",)
    assert len(broken.questions) == len(good.questions) == 1


def test_a_refusal_is_taken_for_an_answer_and_not_repeated(serve):
    fake = serve(answering(rcode=dns.rcode.REFUSED))
    assert fake.ask(tries=3).status is Status.REFUSED
    assert len(fake.questions) == 1


def cut(query: dns.message.Message) -> dns.message.Message:
    response = dns.message.make_response(query)
    response.flags |= dns.flags.TC
    return response


def test_an_answer_that_was_cut_is_asked_again_over_tcp(serve):
    fake = serve(cut, answering("127.0.0.2", "127.0.0.4"))
    answer = fake.ask(timeout=2)
    assert set(answer.records) == {"127.0.0.2", "127.0.0.4"}
    assert [question.split()[0] for question in fake.questions] == ["udp", "tcp"]


def test_an_answer_that_was_cut_and_cannot_be_had_whole_is_unknown(serve):
    answer = serve(cut).ask(timeout=1)
    assert not answer.is_known
    assert answer.why


def test_a_port_where_nobody_listens_is_unknown():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (answer,) = Servers([("127.0.0.1", port)], timeout=0.2, tries=1).ask([Question("a.example", "A")])
    assert answer.status in (Status.ERROR, Status.TIMEOUT)
    assert answer.why


@pytest.mark.parametrize("name", ["a" * 64 + ".example", ".".join(["abcdefgh"] * 40), "a..b"])
def test_a_name_that_dns_cannot_hold_is_not_asked(serve, name):
    fake = serve(answering("127.0.0.2"))
    answer = fake.ask(name)
    assert answer.status is Status.ERROR
    assert "not a name" in answer.why
    assert fake.questions == []

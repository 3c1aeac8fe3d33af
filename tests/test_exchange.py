"""The exchange: what is lost is asked again, what is late still counts, and fewer are in flight where some are lost."""

import random
import time

import pytest

from reputon.resolver import PacedResolver, Question, Status, packets
from reputon.resolver import exchange as exchange_module
from reputon.resolver.exchange import FIRST, LEAST, MOST, Exchange
from reputon.resolver.servers import Servers
from tests.servers.dns import Dns, Said


def questions(count: int) -> list[Question]:
    return [Question(f"{number}.bl.example", "A") for number in range(count)]


def code(name: str) -> list[str]:
    number = int(name.partition(".")[0])
    return [f"127.0.{number // 250}.{number % 250}"]


def test_what_was_lost_is_asked_again_and_nothing_is_mixed_up():
    chance = random.Random(7)
    lost: set[str] = set()

    def once_lost(name: str, _: str) -> Said:
        if name not in lost and chance.random() < 0.2:
            lost.add(name)
            return None
        return code(name)

    with Dns(once_lost) as server:
        found = Servers([("127.0.0.1", server.port)], timeout=0.5, tries=3).ask(questions(300))
    assert lost
    assert [answer.records for answer in found] == [tuple(code(each.name)) for each in questions(300)]


def test_an_answer_to_the_first_try_counts_while_the_second_is_out():
    seen: set[str] = set()

    def slow(name: str, _: str) -> Said:
        if name in seen:
            return None
        seen.add(name)
        time.sleep(0.3)
        return ["127.0.0.2"]

    with Dns(slow) as server:
        (found,) = Servers([("127.0.0.1", server.port)], timeout=0.2, tries=2).ask(questions(1))
    assert found.records == ("127.0.0.2",)


def test_the_number_in_flight_grows_with_answers_and_is_halved_by_losses():
    def room_after(answer) -> float:
        with Dns(answer) as server:
            exchange = Exchange([("127.0.0.1", server.port)], 0.3, 2, time.monotonic)
            asked = [packets.question(each.name, packets.A) for each in questions(150)]
            exchange.run(asked, lambda *_: True)
            return exchange._room

    assert room_after(lambda name, _: code(name)) > FIRST
    chance = random.Random(3)
    assert LEAST <= room_after(lambda name, _: code(name) if chance.random() < 0.5 else None) < MOST / 2


def test_a_server_that_never_answers_is_given_up_without_asking_everything():
    with Dns(lambda *_: None) as server:
        found = Servers([("127.0.0.1", server.port)], timeout=0.1, tries=2).ask(questions(3000))
        assert len(server.questions) < 1000
    assert {answer.status for answer in found} == {Status.TIMEOUT}


def test_no_question_goes_out_before_its_time():
    sent: dict[str, float] = {}

    def note(name: str, _: str) -> Said:
        sent[name] = time.monotonic()
        return code(name)

    with Dns(note) as server:
        servers = Servers([("127.0.0.1", server.port)])
        assert isinstance(servers, PacedResolver)
        start = time.monotonic()
        times = [start + (number % 7) * 0.05 for number in range(70)]
        found = servers.ask_at(questions(70), times)
    assert [answer.records for answer in found] == [tuple(code(each.name)) for each in questions(70)]
    assert all(sent[f"{number}.bl.example"] >= moment for number, moment in enumerate(times))


@pytest.mark.parametrize("numbers", [[5, 5, 5, 9]])
def test_two_questions_in_flight_never_share_a_number(monkeypatch, numbers):
    drawn = iter(numbers)
    monkeypatch.setattr(exchange_module, "randbits", lambda _: next(drawn))
    with Dns(lambda name, _: code(name)) as server:
        found = Servers([("127.0.0.1", server.port)]).ask(questions(2))
    assert [answer.records for answer in found] == [tuple(code(each.name)) for each in questions(2)]

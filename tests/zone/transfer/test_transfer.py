"""Messages of AXFR, differences of tables, the journal, serials: without a network."""

import dataclasses
import random
from itertools import pairwise

import dns.message
import dns.name
import dns.rdatatype
import hypothesis
import hypothesis.strategies as some
import pytest
from tests.zone.transfer.naive import Naive
from tests.zone.transfer.test_records import contents
from tests.zone.transfer.zones import APEX, content, names, records, tables

from reputon.zone.content import Content, ContentError, Soa, Value
from reputon.zone.table import compile_zones
from reputon.zone.transfer import alike
from reputon.zone.transfer import journal as journals
from reputon.zone.transfer.difference import difference
from reputon.zone.transfer.journal import Journal, decode, encode
from reputon.zone.transfer.messages import header, messages, whole
from reputon.zone.transfer.serials import is_newer

QUERY = dns.message.make_query(f"{APEX}.", "AXFR", id=7).to_wire()


def test_the_messages_say_the_zone():
    table = compile_zones([content(1, range(0x0A000000, 0x0A001000, 3))])
    told = list(whole(header(QUERY, QUERY[12:]), table, 0))
    assert len(told) > 1
    assert all(len(each) <= 64_000 for each in told)
    found, apex = [], dns.name.from_text(f"{APEX}.")
    for each in told:
        message = dns.message.from_wire(each, one_rr_per_rrset=True, xfr=True)
        assert message.id == 7
        assert message.question[0].rdtype == dns.rdatatype.AXFR
        found += [(rrset.name.relativize(apex).to_text(), rrset.rdtype, rrset[0].to_text()) for rrset in message.answer]
    assert found[0] == found[-1]
    assert found[0][1] == dns.rdatatype.SOA
    assert len(set(found)) == len(found) - 1
    naive = Naive(table, 0)
    for name, rdtype, text in found:
        if rdtype == dns.rdatatype.A:
            assert text in naive.codes(name)
    texts = {name: text for name, rdtype, text in found if rdtype == dns.rdatatype.TXT and "see" in text}
    assert texts["8.100.51.198"] == '"listed: see https://list.example/198.51.100.8"'
    assert "7.100.51.198" not in texts


@pytest.mark.parametrize(
    "texts", [(), ("$",), ("see $ or $, $$5", "constant"), ("$" * 20,), ("x" * 300,), ("x" * 239 + "$",)]
)
def test_many_addresses_are_written_as_one_by_one(texts, monkeypatch):
    monkeypatch.setattr(alike, "_CHUNK", 500)
    made = Content(APEX, Soa("ns1.example", "me.example"))
    dataset, value = made.dataset(), made.value_of(Value(("127.0.0.2", "127.0.0.3"), texts))
    other = made.value_of(Value(("127.0.0.4",)))
    rng = random.Random(1)
    for number in range(1600):
        dataset.add4(rng.getrandbits(32), 32, value if number % 100 else other)
    table = compile_zones([made])
    told = list(whole(header(QUERY, QUERY[12:]), table, 0))
    assert all(len(each) <= 64_000 for each in told)
    apex, found = dns.name.from_text(f"{APEX}."), []
    for each in told:
        message = dns.message.from_wire(each, one_rr_per_rrset=True, xfr=True)
        for rrset in message.answer:
            head = rrset.rdtype.to_bytes(2, "big") + b"\0\1" + rrset.ttl.to_bytes(4, "big")
            data = rrset[0].to_wire()
            owner = b"".join(bytes((len(label),)) + label for label in rrset.name.relativize(apex).labels)
            found.append((owner, head + len(data).to_bytes(2, "big") + data))
    assert sorted(found[1:-1]) == records(table)


def test_messages_are_made_when_they_are_wanted():
    def items():
        for number in range(10_000):
            made.append(number)
            yield b"\1a", (b"\0\1\0\1\0\0\0\0\0\4\x7f\0\0\2",)

    made: list[int] = []
    told = messages(header(QUERY, QUERY[12:]), items())
    next(told)
    assert len(made) < 5000


def test_a_record_that_fits_into_no_message_is_refused():
    with pytest.raises(ContentError, match="too long"):
        list(messages(header(QUERY, QUERY[12:]), [(b"", (bytes(65_500),))]))


def applied(step, before):
    """The records after a difference; what is deleted is there, and what is added is new."""
    gone = {(owner, each) for owner, said in step.deleted for each in said}
    come = {(owner, each) for owner, said in step.added for each in said}
    assert gone <= set(before)
    assert not come & set(before)
    return sorted((set(before) - gone) | come)


@hypothesis.settings(max_examples=60, deadline=None)
@hypothesis.given(contents(bases6=()), contents(bases6=()), some.booleans())
def test_a_difference_leads_from_one_table_to_the_other(before, after, is_twofold):
    after.soa = dataclasses.replace(after.soa, serial=2)
    if is_twofold:
        before.datasets += after.datasets[:1]
    old, new = compile_zones([before], 1_000_000), compile_zones([after], 1_000_000)
    step = difference(old, 0, new, 0)
    if step is not None:
        assert applied(step, records(old)) == records(new)
        assert decode(APEX, encode(APEX, step)) == step


def test_a_difference_of_names():
    old, new = tables(names(1), names(2, bad=("example.com", "new.example"), good=("good.example.com", "new.example")))
    step = difference(old, 0, new, 0)
    assert step is not None
    assert applied(step, records(old)) == records(new)


def test_only_the_serial_changed():
    old, new = tables(content(1), content(2))
    step = difference(old, 0, new, 0)
    assert step is not None
    assert step.count() == 0
    assert step.old_soa != step.new_soa


def test_a_code_changes_and_the_text_stays():
    old, new = tables(names(1), names(2, code="127.0.0.4"))
    step = difference(old, 0, new, 0)
    assert step is not None
    assert {each[:2] for _, said in (*step.deleted, *step.added) for each in said} == {b"\0\1"}


def test_a_difference_as_large_as_the_zone_is_none():
    old, new = tables(content(1, range(0x0A000000, 0x0A001000, 3)), content(2, range(0x0B000000, 0x0B001000, 3)))
    assert difference(old, 0, new, 0) is None


def test_what_has_ended_when_the_table_was_made_is_left_out():
    made = Content(APEX, Soa("ns1.example", "me.example"))
    dataset = made.dataset()
    dataset.add4(1, 32, made.value_of(Value(("127.0.0.2",), expires=100)))
    dataset.add4(2, 32, made.value_of(Value(("127.0.0.2",), expires=101)))
    assert [owner for owner, _ in records(compile_zones([made], 100))] == [b"\x012\x010\x010\x010"]


def steps(count):
    made = tables(*(content(serial, range(0x0A000000, 0x0A000000 + serial)) for serial in range(1, count + 2)))
    return [difference(old, 0, new, 0) for old, new in pairwise(made)]


def test_the_journal_leads_from_any_serial_it_has():
    journal = Journal()
    for step in steps(3):
        journal.add(APEX, step, step.new_serial)
    assert [(each.old_serial, each.new_serial) for each in journal.steps(APEX, 2, 4) or ()] == [(2, 3), (3, 4)]
    assert journal.steps(APEX, 9, 4) is None
    assert journal.steps(APEX, 2, 5) is None
    assert journal.steps("other.example", 1, 4) is None


def test_a_gap_empties_the_journal():
    journal = Journal()
    first, _, third = steps(3)
    journal.add(APEX, first, 2)
    journal.add(APEX, third, 4)
    assert journal.steps(APEX, 1, 4) is None
    assert journal.steps(APEX, 3, 4) == (third,)
    journal.add(APEX, None, 5)
    assert journal.steps(APEX, 3, 4) is None


def test_the_journal_is_bounded(monkeypatch):
    monkeypatch.setattr(journals, "MOST_STEPS", 2)
    journal, made = Journal(), steps(3)
    for step in made:
        journal.add(APEX, step, step.new_serial)
    assert journal.steps(APEX, 1, 4) is None
    assert journal.steps(APEX, 2, 4) == tuple(made[1:])
    small = Journal(records=5)
    for step in made:
        small.add(APEX, step, step.new_serial)
    assert small.steps(APEX, 2, 4) is None
    assert small.steps(APEX, 3, 4) == (made[2],)


def test_the_journal_comes_back_from_its_files(tmp_path):
    made = steps(3)
    journal = Journal(tmp_path)
    for step in made:
        journal.add(APEX, step, step.new_serial)
    again = Journal(tmp_path)
    again.load(APEX, 4)
    assert again.steps(APEX, 1, 4) == tuple(made)
    other = Journal(tmp_path)
    other.load(APEX, 3)
    assert other.steps(APEX, 1, 3) == tuple(made[:2])
    assert len(list(tmp_path.iterdir())) == 2
    lost = Journal(tmp_path)
    lost.load(APEX, 77)
    assert lost.steps(APEX, 1, 77) is None
    assert not list(tmp_path.iterdir())


def test_torn_files_are_passed_over(tmp_path, caplog):
    made = steps(2)
    journal = Journal(tmp_path)
    for step in made:
        journal.add(APEX, step, step.new_serial)
    rng = random.Random(1)
    for file in tmp_path.iterdir():
        data = bytearray(file.read_bytes())
        data[rng.randrange(len(data))] ^= 1
        file.write_bytes(data if file.name.endswith("1-2.difference") else data[:40])
    again = Journal(tmp_path)
    again.load(APEX, 3)
    assert again.steps(APEX, 1, 3) is None
    assert "is no difference" in caplog.text


@pytest.mark.parametrize(
    ("serial", "other", "expected"),
    [(2, 1, True), (1, 2, False), (1, 1, False), (0, 0xFFFFFFFF, True), (0xFFFFFFFF, 0, False), (1 << 31, 0, False)],
)  # fmt: skip
def test_serials_begin_anew(serial, other, expected):
    assert is_newer(serial, other) is expected

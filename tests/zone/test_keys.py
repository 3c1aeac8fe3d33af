"""Key labels: who has one gets the list, who has none learns nothing; and quotas."""

import random

import pytest
from tests.zone.guarded import APEXES, Guarded, errors_of, table

from reputon.zone.access import AccessError, Action, Rule
from reputon.zone.guard import ASKED, OVER, Key, Protection, guard, key_counts, new_uses
from reputon.zone.kernel.writing import NO_KEY, OVER_QUOTA

BL, DOM = APEXES
KEY = "k3y-of-example"
KEYED = f"{KEY}.{BL}"


def keyed(*keys, **more):
    return Guarded(Protection(keyed=(BL,), keys=keys or (Key("example", KEY), Key("other", "second")), **more))


@pytest.mark.parametrize(
    ("name", "rdtype", "said"),
    [
        (f"2.0.0.127.{KEYED}", "A", "127.0.0.2"),
        (f"2.0.0.127.{KEYED}", "TXT", '"listed: 127.0.0.2"'),
        (f"2.0.0.127.{KEYED.upper()}", "A", "127.0.0.2"),
        (f"2.0.0.127.second.{BL}", "A", "127.0.0.2"),
        (f"1.0.0.127.{KEYED}", "A", "NXDOMAIN"),
        (f"0.0.127.{KEYED}", "A", "NODATA"),
        (f"9.2.0.192.{KEYED}", "A", "127.0.0.2"),
        ("1." + "0." * 15 + "0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2." + KEYED, "A", "127.0.0.2"),
        (f"a.spam.example.{KEYED}", "TXT", '"listed: a.spam.example"'),
        (KEYED, "A", "NODATA"),
        (KEYED, "SOA", "NODATA"),
        (KEYED, "NS", "NODATA"),
        (BL, "NS", "ns.rep.test."),
        (BL, "TXT", '"about this zone"'),
        (f"2.0.0.127.{BL}", "A", "REFUSED"),
        (f"2.0.0.127.wrong.{BL}", "A", "REFUSED"),
        (f"2.0.0.127.{KEY}x.{BL}", "A", "REFUSED"),
        (f"2.0.0.127.{KEY[:-1]}.{BL}", "A", "REFUSED"),
        (f"{KEY}.2.0.0.127.{BL}", "A", "REFUSED"),
        (f"2.0.0.127.{KEY}.{KEYED}", "A", "NXDOMAIN"),
        (f"2.0.0.127.{DOM}", "A", "127.0.0.2"),
        (f"2.0.0.127.{KEY}.{DOM}", "A", "NXDOMAIN"),
    ],
)
def test_what_is_said_with_and_without_a_key(name, rdtype, said):
    assert keyed().said(name, rdtype) == said


def test_a_refusal_says_why_and_is_counted():
    to = keyed()
    assert errors_of(to.ask(f"2.0.0.127.wrong.{BL}")) == [18]
    assert to.count(NO_KEY, 0) == 1
    assert to.uses[:, ASKED].tolist() == [0, 0]


@pytest.mark.parametrize("name", [f"1.0.0.127.{KEYED}", KEYED, f"0.127.{KEYED}"])
def test_the_start_of_authority_is_the_zone_s_and_not_the_key_s(name):
    assert keyed().ask(name).authority[0].name.to_text() == BL + "."


def test_a_zone_that_needs_a_key_and_has_none_refuses_all():
    to = Guarded(Protection(keyed=(BL,)))
    assert to.said(f"2.0.0.127.{BL}") == "REFUSED"
    assert to.said(f"2.0.0.127.{KEYED}") == "REFUSED"


def test_a_rule_comes_before_a_key():
    to = keyed(rules=(Rule("198.51.100.0/24", Action.EMPTY), Rule("203.0.113.0/24", Action.REFUSE)))
    assert to.said(f"2.0.0.127.{KEYED}", client="198.51.100.1") == "NXDOMAIN"
    assert to.said(KEYED, client="198.51.100.1") == "NXDOMAIN"
    assert to.said(f"2.0.0.127.{KEYED}", client="203.0.113.1") == "REFUSED"


def test_a_quota_of_a_second_begins_anew_with_the_next():
    to = keyed(Key("example", KEY, per_second=3), Key("other", "second"))
    asked = [to.said(f"2.0.0.127.{KEYED}") for _ in range(5)]
    assert asked == ["127.0.0.2"] * 3 + ["REFUSED"] * 2
    assert errors_of(to.ask(f"2.0.0.127.{KEYED}")) == [18]
    assert to.said(f"2.0.0.127.second.{BL}") == "127.0.0.2"
    to.now += 1
    assert to.said(f"2.0.0.127.{KEYED}") == "127.0.0.2"
    assert to.uses[0, [ASKED, OVER]].tolist() == [7, 3]
    assert to.count(OVER_QUOTA, 0) == 3
    assert key_counts(to.protection, to.uses) == {
        "example": {"asked": 7, "over_quota": 3},
        "other": {"asked": 1, "over_quota": 0},
    }


def test_a_quota_of_a_day_is_of_the_day_in_utc():
    to = keyed(Key("example", KEY, per_day=10))
    to.now = to.now // 86400 * 86400 + 86390
    asked = []
    for _ in range(12):
        asked.append(to.said(f"2.0.0.127.{KEYED}"))
        to.now += 0.5
    assert asked == ["127.0.0.2"] * 10 + ["REFUSED"] * 2
    to.now = to.now // 86400 * 86400 + 86400
    assert to.said(f"2.0.0.127.{KEYED}") == "127.0.0.2"


def test_a_quota_may_answer_with_a_code():
    to = keyed(Key("example", KEY, per_second=1), quota_code=True)
    to.said(KEYED)
    assert to.said(f"2.0.0.127.{KEYED}") == "127.255.255.255"
    assert "quota" in to.said(f"2.0.0.127.{KEYED}", "TXT")
    assert to.said(f"2.0.0.127.{KEYED}", "MX") == "REFUSED"
    assert to.said(f"2.0.0.127.wrong.{BL}") == "REFUSED"


def test_what_was_used_stays_when_a_table_is_swapped():
    to = keyed(Key("example", KEY, per_day=1))
    to.said(KEYED)
    to.guard = guard(to.protection, table(), to.uses, seed=7)
    assert to.said(f"2.0.0.127.{KEYED}") == "REFUSED"


@pytest.mark.parametrize("label", ["", "a.b", "x" * 64, "käse", "."])
def test_a_key_that_is_no_label_is_told_without_telling_it(label):
    with pytest.raises(AccessError) as told:
        guard(Protection(keys=(Key("example", label),)), table())
    assert "'example'" in str(told.value)
    assert len(label) < 3 or label not in str(told.value)


def test_without_keys_there_is_nothing_to_count():
    assert key_counts(Protection(), new_uses(Protection())) == {}


def test_two_keys_must_not_be_one():
    with pytest.raises(AccessError, match="two keys are the same"):
        guard(Protection(keys=(Key("a", "same"), Key("b", "SAME"))), table())


def test_a_key_is_in_no_repr():
    of = Protection(keys=(Key("example", KEY),))
    assert KEY not in repr(of)
    assert KEY not in repr(guard(of, table()))


def test_hostile_labels_are_no_keys():
    to = Guarded(Protection(keyed=(BL,), keys=tuple(Key(f"c{each}", f"key{each}") for each in range(50))))
    random_ = random.Random(5)
    apex = b"\2bl\3rep\4test\0"
    for _ in range(400):
        label = bytes(random_.choices(range(256), k=random_.randrange(1, 64)))
        name = b"\x012\x010\x010\x03127" + bytes((len(label),)) + label + apex
        answered = to.send(b"\0\1\0\0\0\1\0\0\0\0\0\0" + name + b"\0\1\0\1")
        assert answered[3] & 15 == 5
    assert all(to.said(f"2.0.0.127.key{each}.{BL}") == "127.0.0.2" for each in range(50))

"""Which client may ask which zone: rule by rule, and as a law of the longest prefix."""

from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.zone.guarded import APEXES, Guarded, errors_of, table

from reputon.zone.access import AccessError, Action, Rule, clients
from reputon.zone.guard import Limits, Protection, guard, unknown_zones
from reputon.zone.kernel.client import row_of
from reputon.zone.kernel.writing import DENIED, IGNORED

BL, DOM = APEXES
LISTED = "2.0.0.127." + BL


def rules(*several):
    return Protection(rules=tuple(several))


@pytest.mark.parametrize(
    ("action", "listed", "other", "apex"),
    [
        (Action.ALLOW, "127.0.0.2", "NXDOMAIN", "ns.rep.test."),
        (Action.REFUSE, "REFUSED", "REFUSED", "REFUSED"),
        (Action.EMPTY, "NXDOMAIN", "NXDOMAIN", "ns.rep.test."),
        (Action.IGNORE, "dropped", "dropped", "dropped"),
        (Action.CODE, "127.255.255.254", "127.255.255.254", "REFUSED"),
    ],
)
@pytest.mark.parametrize("client", ["198.51.100.7", "2001:db8:1::1"])
def test_what_an_action_does(action, listed, other, apex, client):
    to = Guarded(rules(Rule("198.51.100.0/24", action, BL), Rule("2001:db8:1::/48", action, BL)))
    assert to.said(LISTED, client=client) == listed
    assert to.said("9.9.9.9." + BL, client=client) == other
    assert to.said(BL, "NS", client=client) == apex
    assert to.said("2.0.0.127." + DOM, client=client) == "127.0.0.2"
    assert to.said(LISTED, client="198.51.101.7") == "127.0.0.2"
    assert to.said(LISTED, client="2001:db8:2::1") == "127.0.0.2"


def test_a_refusal_says_why():
    to = Guarded(rules(Rule("198.51.100.0/24", Action.REFUSE)))
    message = to.ask(LISTED, client="198.51.100.7")
    assert errors_of(message) == [18]
    assert to.count(DENIED, 0) == 1


def test_who_is_empty_still_learns_of_the_apex_and_of_nothing_below():
    to = Guarded(rules(Rule("198.51.100.0/24", Action.EMPTY)))
    assert to.said(BL, "TXT", client="198.51.100.7") == '"about this zone"'
    assert to.said("127." + BL, client="198.51.100.7") == "NXDOMAIN"  # no empty non-terminal either


def test_an_error_code_has_a_text_and_is_the_only_record():
    to = Guarded(rules(Rule("198.51.100.0/24", Action.CODE)))
    assert "may not ask" in to.said(LISTED, "TXT", "198.51.100.7")
    assert to.said(LISTED, "AAAA", "198.51.100.7") == "REFUSED"
    assert to.said(LISTED, "ANY", "198.51.100.7") == "127.255.255.254"


def test_who_is_ignored_everywhere_is_not_even_read():
    to = Guarded(rules(Rule("198.51.100.0/24", Action.IGNORE)))
    assert to.send(b"x" * 12, "198.51.100.7") == 0
    assert to.said("www.example.org", client="198.51.100.7") == "dropped"
    assert to.count(IGNORED) == 2
    assert to.said("www.example.org", client="198.51.101.7") == "REFUSED"


def test_a_zone_may_answer_whom_all_others_ignore():
    to = Guarded(rules(Rule("198.51.100.0/24", Action.IGNORE), Rule("198.51.100.7", Action.ALLOW, BL)))
    assert to.said(LISTED, client="198.51.100.7") == "127.0.0.2"
    assert to.said("2.0.0.127." + DOM, client="198.51.100.7") == "dropped"
    assert to.said(LISTED, client="198.51.100.8") == "dropped"


def test_of_two_equal_prefixes_the_zone_s_own_wins():
    to = Guarded(rules(Rule("10.0.0.0/8", Action.REFUSE), Rule("10.0.0.0/8", Action.ALLOW, BL.upper() + ".")))
    assert to.said(LISTED, client="10.1.2.3") == "127.0.0.2"
    assert to.said("2.0.0.127." + DOM, client="10.1.2.3") == "REFUSED"


def test_all_but_some_is_two_rules():
    to = Guarded(rules(Rule("0.0.0.0/0", Action.REFUSE), Rule("::/0", Action.REFUSE), Rule("10.0.0.0/8", Action.ALLOW)))
    assert to.said(LISTED, client="10.255.255.255") == "127.0.0.2"
    assert to.said(LISTED, client="11.0.0.0") == "REFUSED"
    assert to.said(LISTED, client="255.255.255.255") == "REFUSED"
    assert to.said(LISTED, client="ffff::1") == "REFUSED"


@pytest.mark.parametrize(
    ("several", "said"),
    [
        ([Rule("10.0.0.1/8", Action.REFUSE)], "is no prefix"),
        ([Rule("friends", Action.REFUSE)], "is no prefix"),
        ([Rule("10.0.0.0/8", Action.REFUSE), Rule("10.0.0.0/8", Action.EMPTY)], "two rules differ"),
    ],
)
def test_a_rule_that_cannot_be_is_told(several, said):
    with pytest.raises(AccessError, match=said):
        guard(rules(*several), table())


def test_a_zone_that_is_not_there_is_told():
    of = Protection(rules=(Rule("10.0.0.0/8", Action.REFUSE, "b1.rep.test"),), keyed=(BL + ".", "dom.test"))
    assert list(unknown_zones(of, table())) == ["b1.rep.test", "dom.test"]


def test_a_table_without_zones_has_a_guard():
    to = Guarded(rules(Rule("10.0.0.0/8", Action.REFUSE)), apexes=())
    assert to.said("example.org") == "REFUSED"


addresses = st.one_of(
    st.integers(0, 2**32 - 1).map(ip_address),
    st.integers(0, 15).map(lambda low: ip_address(0x0A000000 | low)),
    st.integers(0, 2**128 - 1).map(lambda number: ip_address(number | 1 << 127)),
    st.integers(0, 15).map(lambda low: ip_address(0x20010DB8 << 96 | low << 62)),
)


@st.composite
def prefixes(draw):
    address = draw(addresses)
    length = draw(st.integers(0, address.max_prefixlen))
    return str(ip_network((address, length), strict=False))


rule_lists = st.lists(
    st.builds(Rule, prefixes(), st.sampled_from(Action), st.sampled_from(["", *APEXES])),
    max_size=12,
    unique_by=lambda rule: (rule.prefix, rule.zone),
)


def longest(several, zone, client):
    """The law, as it is written down."""
    address = ip_address(client)
    fitting = [each for each in several if each.zone in ("", zone) and address in ip_network(each.prefix)]
    best = max(fitting, key=lambda rule: (ip_network(rule.prefix).prefixlen, rule.zone != ""), default=None)
    return best.action if best else Action.ALLOW


@settings(max_examples=60, deadline=None)
@given(rule_lists, st.lists(prefixes(), max_size=3), st.lists(addresses, min_size=1, max_size=5))
def test_the_compiled_rows_are_the_longest_prefix(several, exempt, asking):
    of = guard(Protection(rules=tuple(several), limits=Limits(exempt=tuple(exempt))), table())
    edges = [each for rule in several for each in (ip_network(rule.prefix)[0], ip_network(rule.prefix)[-1])]
    for client in map(str, [*asking, *edges]):
        row = row_of(of, client)
        for column, zone in enumerate(APEXES):
            assert of.actions[row, column] == longest(several, zone, client)
        assert of.exempt[row] == any(ip_address(client) in ip_network(each) for each in exempt)
        if of.actions[row, len(APEXES)] == Action.IGNORE:
            assert {longest(several, zone, client) for zone in APEXES} == {Action.IGNORE}


def test_without_rules_there_is_one_interval():
    of = clients((), (), APEXES)
    assert (len(of.first4), len(of.first6), of.actions.shape) == (1, 1, (1, 3))

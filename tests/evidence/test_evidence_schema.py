"""The published schema of JSON lines and their reader are one: what the one takes, the other takes."""

import json
import re
from datetime import UTC, datetime
from ipaddress import ip_address

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from reputon.authentication.domains import organizational
from reputon.evidence.files import Line
from reputon.evidence.kinds import Evidence, EvidenceError, Kind, checked
from reputon.evidence.readers import READERS
from reputon.evidence.schema import schema
from reputon.evidence.tenant import proved

NOW = datetime(2026, 11, 25, tzinfo=UTC)
GOOD = {"time": "2026-11-24T09:30:00Z", "ip": "192.0.2.1", "kind": "sent", "count": 3, "tenant": "mail.example.org"}


def is_of_format(name, text):
    """The formats that the schema uses, as JSON Schema's validation section 7.3 has them."""
    if name == "date-time":
        if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", text, re.ASCII | re.IGNORECASE):
            return False
        return succeeds(datetime.fromisoformat, text.upper())
    if name in ("ipv4", "ipv6"):
        return "%" not in text and succeeds(ip_address, text) and ip_address(text).version == int(name[-1])
    assert name == "idn-hostname"
    return text == text.strip() and succeeds(organizational, text)


def succeeds(call, text):
    try:
        call(text)
    except ValueError:
        return False
    return True


TYPES = {
    "object": lambda value: isinstance(value, dict),
    "string": lambda value: isinstance(value, str),
    "null": lambda value: value is None,
    "integer": lambda value: not isinstance(value, bool) and isinstance(value, (int, float)) and value == value // 1,
}
CHECKS = {
    "type": lambda said, value: any(TYPES[each](value) for each in ([said] if isinstance(said, str) else said)),
    "enum": lambda said, value: value in said,
    "const": lambda said, value: value == said,
    "minimum": lambda said, value: not isinstance(value, (int, float)) or value >= said,
    "maximum": lambda said, value: not isinstance(value, (int, float)) or value <= said,
    "maxLength": lambda said, value: not isinstance(value, str) or len(value) <= said,
    "pattern": lambda said, value: not isinstance(value, str) or re.search(said.replace("$", r"\Z"), value) is not None,
    "format": lambda said, value: not isinstance(value, str) or is_of_format(said, value),
    "required": lambda said, value: not isinstance(value, dict) or all(name in value for name in said),
    "anyOf": lambda said, value: any(is_valid(each, value) for each in said),
    "properties": lambda said, value: (
        not isinstance(value, dict) or all(is_valid(said[name], value[name]) for name in said if name in value)
    ),
}
SAID = {"$schema", "title", "description", "default"}


def is_valid(of, value):
    """A checker of what the schema uses, and of no more: a keyword that it does not know is an error."""
    if of.get("additionalProperties") is False and isinstance(value, dict) and value.keys() - of["properties"].keys():
        return False
    return all(CHECKS[key](said, value) for key, said in of.items() if key not in SAID | {"additionalProperties"})


def is_read(value):
    """Whether the reader and the store's last look take it."""
    reading = READERS["jsonl"].open(NOW)
    (found,) = reading.line(Line(json.dumps(value).encode(), "log:1", True))
    try:
        return isinstance(found, Evidence) and bool(checked(found, NOW))
    except EvidenceError:
        return False


def test_the_schema_says_what_the_reader_knows():
    assert schema()["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema()["properties"]["kind"]["enum"] == list(Kind)
    assert is_valid(schema(), GOOD)
    assert is_read(GOOD)


def mutants(name, *values):
    return st.sampled_from([{name: value} for value in values])


ANY = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20), st.just([]), st.just({}))
CHANGES = st.one_of(
    st.dictionaries(st.sampled_from([*GOOD, "source", "more"]), ANY, max_size=2),
    mutants("time", "2026-11-24T09:30:00", "2026-11-24t09:30:00.5z", "2026-11-24T10:30:00+01:00", "2026-11-24",
            "2026-11-24 09:30:00Z", "20261124T093000Z", "2026-W48-2T09:30:00Z", "2026-02-30T00:00:00Z",
            "2026-11-24T09:30:00+0100", "2026-11-24T09:30Z", "2026-11-24T09:30:00Z\n", "٢026-11-24T09:30:00Z"),
    mutants("ip", "2001:db8::1", "::ffff:192.0.2.1", "192.0.2.1 ", "[2001:db8::1]", "2001:db8::1%eth0", "192.0.2.01",
            "192.0.2", "3232235777", "2001:DB8::", "1.2.3.4/32"),
    mutants("kind", *Kind, "Sent", "", "spam"),
    mutants("count", 0, 1, 10**9, 10**9 + 1, 2.0, 2.5, -1, "3", True, 1e300),
    mutants("tenant", None, "", "unauth@192.0.2.1", "unauth@" + "x" * 314, "example.org.", "bücher.example", "a b",
            " a.example", "localhost", "x" * 64 + ".example", "a.b." * 90, "unauth", "192.0.2.1", "_dmarc.example.org",
            "xn--0"),
    mutants("source", "mx1", "", None, 5),
)  # fmt: skip


@settings(max_examples=600, deadline=None)
@given(CHANGES, CHANGES, st.sets(st.sampled_from(list(GOOD)), max_size=1))
@example({}, {}, {"count", "tenant"})
def test_the_reader_takes_what_the_schema_takes(one, other, gone):
    value = {name: each for name, each in {**GOOD, **one, **other}.items() if name not in gone}
    assert is_read(value) == is_valid(schema(), value), value


@given(ANY)
def test_other_values_are_no_evidence(value):
    assert not is_valid(schema(), value)
    assert not is_read(value)


@pytest.mark.parametrize("ip", ["fe80::1", "ff02::1", "fd00::1", "::1"])
def test_addresses_that_no_sender_can_have(ip):
    """What a format cannot say: the schema's description does."""
    assert not is_read(GOOD | {"ip": ip})


@pytest.mark.parametrize("name", ["co.uk", "com.", "mail.kawasaki.jp", "localhost"])
def test_a_public_suffix_is_no_tenant(name):
    """What only the list of them can say."""
    assert not is_read(GOOD | {"tenant": name})
    assert proved([name], 0xC0000201) == "unauth@192.0.2.1"


@pytest.mark.parametrize("name", ["xn--0", "xn--\u00df.example", "a..b", "", "x" * 400])
def test_a_name_that_is_none_proves_nothing(name):
    assert proved([name], 0xC0000201) == "unauth@192.0.2.1"

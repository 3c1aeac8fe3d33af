"""Written for rbldnsd: read again it is the same zone, and the real rbldnsd answers the same."""

import gzip
import io
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from tests.zone.formats.asked import answer, entries, ttls
from tests.zone.formats.made import contents, subjects
from tests.zone.formats.real import rbldnsd

from reputon.zone.content import Content, ContentError, Record, Soa, Value
from reputon.zone.formats.rbldnsd import read, write
from reputon.zone.reading.lines import written

NOW = 1_800_000_000
ZONE = "bl.example"
QUICK = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


def text(content):
    out = io.StringIO()
    write(content, out)
    return out.getvalue()


def again(content, folder):
    path = folder / "list"
    path.write_text(text(content))
    (made,) = read([f"combined:{path}"], ZONE, NOW).zones
    return made


def zone(*values):
    content = Content(ZONE, Soa("ns1.example", "h.example"))
    dataset = content.dataset()
    for at, value in enumerate(values):
        dataset.add4(at << 8, 32, content.value_of(value))
    return content


@given(contents(most=1, ttls=(0,)))
@QUICK
def test_read_again_it_is_the_same(tmp_path, content):
    made = again(content, tmp_path)
    assert entries(made) == entries(content)
    header = "apex soa name_servers name_server_ttl ttl stale records"
    assert all(getattr(made, each) == getattr(content, each) for each in header.split())
    assert text(made) == text(content)


@given(contents())
@QUICK
def test_values_of_several_records_answer_the_same(tmp_path, content):
    made = again(content, tmp_path)
    for subject in subjects(content):
        assert answer(made, subject) == answer(content, subject), subject
        assert ttls(made, subject) == ttls(content, subject), subject
    assert text(again(made, tmp_path)) == text(made)


@pytest.mark.server
@given(contents(ttls=(0,)))
@settings(max_examples=8, deadline=None, phases=[Phase.generate])
def test_the_real_one_answers_the_same(content):
    with TemporaryDirectory() as made:
        Path(made).chmod(0o755)
        path = Path(made) / "list"
        path.write_text(text(content).replace("$TIMESTAMP", "# $TIMESTAMP"))
        with rbldnsd(f"{ZONE}:combined:{path}") as server:
            has_template = any("$" in text for value in content.values for text in value.texts)
            for subject in subjects(content):
                ours, theirs = answer(content, subject), server.answer(subject, ZONE)
                assert ours[0] == theirs[0], subject
                if "10.0." in subject or not has_template:  # `$` of wildcards and of some IPv6 addresses differs
                    assert ours == theirs, subject


def test_most_entries_need_no_value():
    content = zone(
        Value(("127.0.0.3",), ("listed $",)), *[Value(("127.0.0.2",), ("listed $",))] * 2, Value(("1.2.3.4",))
    )
    assert text(content).splitlines()[2:] == [
        "$DATASET ip4trie @",
        "$TTL 300",
        ":2:listed $",
        "0.0.0.0 :3",
        "0.0.1.0",
        "0.0.2.0",
        "0.0.3.0 :1.2.3.4:",
    ]


@pytest.mark.parametrize("template", ["see $1", "$=", "a $9"])
def test_variables_cannot_be_said(template):
    with pytest.raises(ContentError, match="variable"):
        text(zone(Value(("127.0.0.2",), (template,))))


@pytest.mark.parametrize("template", ["a\nb", "\a", "\x7f"])
def test_no_text_begins_a_line(template):
    with pytest.raises(ContentError, match="control"):
        text(zone(Value(("127.0.0.2",), (template,))))


def test_records_that_rbldnsd_has_not_are_told():
    content = zone()
    content.records = [Record("www", "AAAA", 60, "2001:db8::1"), Record("", "TXT", 60, '"a\\010b" "c"')]
    assert text(content).splitlines()[-2:] == [
        "# left out, no type of rbldnsd: www AAAA",
        "# left out, not printable: @ TXT",
    ]


def test_packed_by_its_name_and_all_or_nothing(tmp_path):
    content = zone(Value(("127.0.0.2",), ("listed $",)))
    for name in ("list", "list.gz"):
        with written(tmp_path / name) as out:
            write(content, out)
    data = (tmp_path / "list.gz").read_bytes()
    assert gzip.decompress(data) == (tmp_path / "list").read_bytes() == text(content).encode()
    with pytest.raises(ContentError), written(tmp_path / "list") as out:
        write(zone(Value(("127.0.0.2",), ("$1",))), out)
    assert (tmp_path / "list").read_text() == text(content)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["list", "list.gz"]

"""Summary: each watch with what is its own, read in as many questions whatever their number."""

from tests.watch.made import START, Clock, Lists, blocklist
from tests.watch.test_looking import around, made

from reputon.watch import summary
from reputon.watch.history import History
from reputon.watch.looking import look


def test_many_watches_are_read_at_once_and_kept_apart(tmp_path, monkeypatch):
    clock = Clock()
    lists = Lists((blocklist("one"), blocklist("two")), clock, lambda *_: None)
    reads: list[int] = []
    with History(tmp_path) as history:
        made(history, [f"192.0.2.{number}" for number in range(1, 31)], around(lists))
        look(history, around(lists), clock)
        kept = history.reading

        def counted():
            reads.append(1)
            return kept()

        monkeypatch.setattr(history, "reading", counted)
        found = summary.of(history, around(lists))
    assert len(reads) == 3  # watches, turns, pairs
    assert [each.pairs for each in found] == [2] * 30
    assert all(each.asked == START and each.next and each.next > START for each in found)

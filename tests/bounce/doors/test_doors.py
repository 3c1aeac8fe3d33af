"""The doors: which files are meant, how their messages are named and counted, and the bounds."""

import gzip
import importlib.util
import io
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from reputon import bounce
from reputon.bounce import doors
from reputon.bounce.doors import exchange_trace, names
from reputon.bounce.doors import mbox as mbox_door
from reputon.bounce.doors.source import FREE, LINE, Source

HERE = Path(__file__).parent
REFUSED = (HERE / "logs" / "postfix-listed.log").read_bytes()
SENT = REFUSED.replace(b"dsn=5.7.1, status=bounced", b"dsn=2.0.0, status=sent")
EML = (HERE.parent / "ndr" / "postfix-dsn-list.eml").read_bytes()
EVENT = json.dumps({"event": "bounce", "sg_event_id": "1", "email": "a@b.example", "reason": "550 5.1.1 unknown"})


def read(data, kind=None):
    return list(bounce.read_all(io.BytesIO(data), kind))


def actions(data, kind=None):
    return [[report.action for report in message.reports] or message.error for message in read(data, kind)]


def mbox(*mails):
    return b"".join(b"From MAILER-DAEMON Tue Nov 24 09:30:00 2026\n" + mail + b"\n\n" for mail in mails)


def test_the_table_of_doors_is_the_folder():
    shared = {"__init__", "compound", "event", "logs", "names", "source", "webhook"}
    assert set(doors.DOORS.values()) == {path.stem for path in Path(doors.__file__).parent.glob("*.py")} - shared
    assert all(callable(doors.door(kind)) for kind in doors.DOORS)


def test_a_mail_is_read_without_the_readers_of_other_forms():
    code = (
        "import sys; from reputon import bounce; bounce.read(open(sys.argv[1], 'rb').read());"
        "print(*{'json', 'csv', 'gzip', 'oxmsg', 'olefile', 'reputon.bounce.doors.webhook'} & sys.modules.keys())"
    )
    command = [sys.executable, "-c", code, str(HERE.parent / "ndr" / "free-qmail.eml")]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip() in ("", "json")


def test_the_outlook_files_are_what_their_generator_writes():
    spec = importlib.util.spec_from_file_location("make_msg", HERE / "make_msg.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    made = {f"{name}.msg": data for name, data in module.files().items()}
    assert made == {path.name: path.read_bytes() for path in (HERE / "msg").glob("*.msg")}


def test_an_unknown_kind_lists_those_that_there_are():
    with pytest.raises(doors.DoorError, match=r"'maillog'.*sparkpost.*postfix-log"):
        bounce.read_all(io.BytesIO(EML), "maillog")


@pytest.mark.parametrize("kind", [kind for kind in doors.DOORS if kind not in ("eml", "text")])
def test_a_file_of_another_form_than_its_kind_is_unreadable(kind):
    (message,) = read(EML, kind)
    assert (message.kind, message.is_bounce) == ("unreadable", None)
    assert kind in (message.error or "")


def test_a_mailbox_gives_each_mail():
    found = read(mbox(EML, b"Subject: x\nFrom: a@b.example\n\nFrom here on, nothing.\n\nFrom here\n", b"", EML))
    assert [message.kind for message in found] == ["bounce", "other", "unreadable", "bounce"]
    assert found[0] == found[3] == bounce.read(EML)


def test_a_mailbox_of_large_mails_is_not_held_in_memory():
    large = EML + b"QUJD" * 20 * (1 << 20 >> 4)
    assert [message.kind for message in read(mbox(large, EML, large))] == ["bounce"] * 3


@pytest.mark.parametrize("size", [1, 37, 511, 512, 513, 1000])
def test_a_mailbox_is_the_same_in_pieces_of_any_size(size, monkeypatch):
    mailbox = mbox(EML, b"Subject: x\nFrom: a@b.example\n\nFrom here on\n\nFrom here", b"", EML)
    whole = read(mailbox)
    monkeypatch.setattr(mbox_door, "_PIECE", size)
    assert read(mailbox) == whole


def test_a_mailbox_of_empty_lines_is_read_in_pieces(monkeypatch):
    def count(source, size, read=Source.read):
        sizes.append(size)
        return read(source, size)

    sizes: list[int] = []
    monkeypatch.setattr(Source, "read", count)
    monkeypatch.setattr(Source, "lines", None)  # a line at a time, millions of them took minutes
    mailbox = mbox(b"\n" * (3 << 20), EML)
    assert [message.kind for message in read(mailbox)] == ["unreadable", "bounce"]
    assert len(sizes) <= len(mailbox) // min(sizes) + 3


def test_deliveries_count_only_where_there_is_nothing_else():
    assert [message.kind for message in read(SENT)] == ["other"]
    assert actions(SENT + REFUSED + SENT + REFUSED) == [["failed"], ["failed"]]


def test_a_queue_tells_which_message_was_refused():
    told = b"Nov 24 09:30:00 out1 postfix/cleanup[1]: 4XyQ7k1Zz9z2Rk: message-id=<m1@sender.example>\n"
    (message,) = read(told + REFUSED)
    assert message.message_id == "<m1@sender.example>"
    exim = (HERE / "logs" / "exim-listed.log").read_bytes()
    received = b"2026-11-24 09:30:00 1vNabC-00000004k2x-1Zyq <= news@sender.example S=1 id=m2@sender.example\n"
    assert [each.message_id for each in read(received + exim)] == ["<m2@sender.example>"]


def test_a_trace_of_older_powershell_has_a_line_before_its_columns():
    trace = (HERE / "logs" / "exchange-v2.csv").read_bytes()
    assert read(b"#TYPE Selected.Object\r\n" + trace) == read(trace)


def test_a_row_of_a_trace_that_is_too_long_is_counted():
    trace = (HERE / "logs" / "exchange-v2.csv").read_bytes()
    last = trace.splitlines(keepends=True)[-1]
    found = read(trace + last.replace(b"Hello", b"Hello" * LINE) + last)
    assert [message.kind for message in found] == ["delay", "unreadable", "delay"]


def test_a_row_of_a_trace_that_never_ends_is_cut():
    cell = b'"' + (b"x" * 499 + b"\n") * 100 + b'",'  # no field is too long
    endless = b"1,Fail," + cell * (2 * exchange_trace.ROW // len(cell))
    found = read(b"Date,Event,Detail,MessageId\n1,Fail,550 5.1.1 unknown,<m@example.org>\n" + endless)
    assert [message.kind for message in found[:2]] == ["bounce", "unreadable"]
    line = re.match(r"line (\d+): field larger", found[1].error or "")
    assert line is not None
    assert exchange_trace.ROW // 500 <= int(line[1]) <= exchange_trace.ROW // 500 + 5


def test_a_broken_line_is_counted_and_named():
    broken = REFUSED.replace(b", status=bounced", b", stat").replace(b"dsn=", b"d=")
    found = read(REFUSED + broken + b"Nov 24 09:30:01 out1 kernel: status=x\n" + REFUSED)
    assert [message.kind for message in found] == ["bounce", "unreadable", "bounce"]
    assert "line 2" in (found[1].error or "")


def test_a_line_without_end_is_counted_and_named():
    long = REFUSED.rstrip().replace(b"see the page", b"see the page" * LINE)
    found = read(REFUSED + long + b"\n" + REFUSED)
    assert [message.kind for message in found] == ["bounce", "unreadable", "bounce"]
    assert "line 2" in (found[1].error or "")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (EVENT, ["bounce"]),
        (f"[{EVENT}, {EVENT}]", ["bounce", "bounce"]),
        (f"[{EVENT},{EVENT}]\n[{EVENT}]", ["bounce"] * 3),
        (f"{EVENT}\n{EVENT[:-9]}\n{EVENT}", ["bounce", "unreadable", "bounce"]),
        (f"{EVENT[:-9]}\n{EVENT}", ["unreadable", "bounce"]),
        (f'{EVENT}\nnull\n"x"\n7\n{EVENT}', ["bounce", "unreadable", "unreadable", "unreadable", "bounce"]),
        (json.dumps([json.loads(EVENT)] * 3, indent=2), ["bounce"] * 3),
        (f"[{EVENT}, rubbish, {EVENT}]", ["bounce", "unreadable", "bounce"]),
        (f"[{EVENT},\n{EVENT[:-1]}", ["bounce", "unreadable"]),
        (f'{EVENT}\n{{"event": "bounce", "email": {{"a": 1}}, "reason": 7, "timestamp": 1e999}}', ["bounce", "bounce"]),
        (f'{EVENT}\n{{"event": "bounce", "timestamp": {"9" * 5000}}}', ["bounce", "unreadable"]),
        (f'{EVENT}\n{{"event": "other"}}\n{{"event": "open"}}', ["bounce", "unreadable"]),
        (EVENT + "\n" + '{"a":' * 5000 + "1" + "}" * 5000, ["bounce", "unreadable"]),
        (EVENT[:-1] + ', "x": "' + '\\"}{' * 40_000 + '"}', ["bounce"]),
        (f"[{EVENT}, " + EVENT[:-1] + ', "x": "' + "y" * (2 << 20) + '"}, ' + f"{EVENT}]",
         ["bounce", "unreadable", "bounce"]),
    ],
    ids=range(15),
)  # fmt: skip
def test_every_object_counts(text, expected):
    assert [message.kind for message in read(text.encode())] == expected


def test_an_object_is_named_by_its_line():
    errors = [message.error for message in read(f"[\n{EVENT},\n\n{{}},\n{EVENT}, {{\n\n}}\n]".encode())]
    assert [(each or "")[:7] for each in errors] == ["", "line 4:", "", "line 5:"]


def test_a_packed_log_is_read():
    assert read(gzip.compress(REFUSED * 3)) == read(REFUSED * 3)
    assert read(gzip.compress(mbox(EML, EML))) == read(mbox(EML, EML))


def test_a_bomb_is_refused():
    (message, *_) = read(gzip.compress(b"\0" * (FREE + (1 << 20))), "postfix-log") + read(b"")
    assert message.kind == "unreadable"
    bomb = gzip.compress(REFUSED + (b"x" * 999 + b"\n") * (4 * FREE // 1000))
    found = read(bomb)
    assert [each.kind for each in found] == ["bounce", "unreadable"]
    assert "unpack" in (found[1].error or "")


@pytest.mark.parametrize("cut", [5, 12, 40, -4])
def test_a_packed_log_that_is_cut_says_so(cut):
    found = read(gzip.compress(REFUSED)[:cut])
    assert found[-1].kind == "unreadable"


def test_a_pipe_that_gives_little_at_a_time_is_read():
    class Pipe(io.BytesIO):
        def read(self, size=-1):
            return super().read(min(size, 7))

    assert list(bounce.read_all(Pipe(mbox(EML, EML)))) == read(mbox(EML, EML))


def test_a_disk_that_fails_says_so():
    class Broken(io.BytesIO):
        def read(self, size=-1):
            raise OSError(5, "Input/output error")

    (message,) = bounce.read_all(Broken())
    assert "Input/output error" in (message.error or "")


def test_lines_are_bounded():
    found = list(Source(io.BytesIO(b"a\r\n\n" + b"b" * 50 + b"\nc")).lines(10))
    assert [(each.number, each.text, each.is_cut) for each in found] == [
        (1, b"a", False), (2, b"", False), (3, b"b" * 10, True), (4, b"c", False)
    ]  # fmt: skip


def test_a_maildir_gives_only_its_mail(tmp_path):
    for name in ("cur/1:2,S", "new/2", "tmp/3", "dovecot.index", ".Sent/cur/4:2,S", ".Sent/tmp/5", "sieve/x.sieve"):
        (tmp_path / "Maildir" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "Maildir" / name).write_bytes(EML)
    for folder in ("new", "cur", ".Sent/new"):
        (tmp_path / "Maildir" / folder).mkdir(exist_ok=True)
    (tmp_path / "other.eml").write_bytes(EML)
    expected = [".Sent/cur/4:2,S", "cur/1:2,S", "new/2"]
    assert [name for name, _ in names.files(tmp_path / "Maildir")] == expected
    assert [name for name, _ in names.files(tmp_path)] == [*(f"Maildir/{each}" for each in expected), "other.eml"]
    assert [name for name, _ in names.files(tmp_path / "Maildir" / "cur")] == ["1:2,S"]
    with pytest.raises(FileNotFoundError):
        list(names.files(tmp_path / "nothing"))


def test_messages_are_numbered_where_there_are_several():
    assert list(names.numbered("a", "")) == []
    assert list(names.numbered("a", "x")) == [("a", "x")]
    assert list(names.numbered("a", "xyz")) == [("a#1", "x"), ("a#2", "y"), ("a#3", "z")]


def test_the_verb_names_every_message(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "inbox.mbox").write_bytes(mbox(EML, EML))
    (tmp_path / "in" / "events.json").write_text(f"[{EVENT},{EVENT}]")
    (tmp_path / "in" / "mail.log").write_bytes(SENT + REFUSED)

    def reputon(*arguments, stdin=b""):
        command = [sys.executable, "-m", "reputon.cli", "diagnose", "--json", "--offline", *map(str, arguments)]
        return subprocess.run(command, input=stdin, capture_output=True, timeout=60)

    ended = reputon(tmp_path)
    found = [json.loads(line)["file"] for line in ended.stdout.splitlines()]
    assert found == ["in/events.json#1", "in/events.json#2", "in/inbox.mbox#1", "in/inbox.mbox#2", "in/mail.log"]
    ended = reputon("-", "--kind", "postfix-log", stdin=REFUSED * 2)
    assert [json.loads(line)["file"] for line in ended.stdout.splitlines()] == ["-#1", "-#2"]
    ended = reputon("-", "--kind", "x", stdin=REFUSED)
    assert (ended.returncode, ended.stdout, ended.stderr.count(b"\n")) == (2, b"", 1)
    assert b"exim-log" in ended.stderr

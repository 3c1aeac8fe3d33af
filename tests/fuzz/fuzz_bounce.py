"""Coverage-guided fuzzing of everything that reads hostile mail, by atheris.

`python tests/fuzz/fuzz_bounce.py TARGET FOLDER [-runs=N] [-seed=N] [-max_total_time=SECONDS] ...`: the fixtures of
tests/bounce are the seeds; what is found new is kept in FOLDER, and so is the input that crashed.  Options are those of
libFuzzer; to try a crash again, give its file after them.
"""

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["reputon.bounce", "reputon.mail"]):
    from reputon import bounce, lists
    from reputon.bounce import dialects, doors, layouts, naming, notice, reply, signs
    from reputon.bounce.doors.source import Source
    from reputon.bounce.layouts import free, ses
    from reputon.bounce.refusal import host
    from reputon.bounce.report import ACTIONS, FAULTS, PHASES, REASONS, SUBJECT_KINDS
    from reputon.mail import dsn, mime

    for each in doors.DOORS:
        doors.door(each)

FIXTURES = Path(__file__).parent.parent / "bounce"
LARGEST = 16 << 10  # bytes of a seed; longer ones slow the search down
CATALOGUE = lists.load()
KINDS = tuple(doors.DOORS)


def check(message: bounce.Message) -> None:
    """What holds of every answer."""
    json.dumps(bounce.as_json(message))
    assert (message.is_bounce is None) == (message.kind == "unreadable") == bool(message.error)
    assert len(message.reports) <= dsn.RECIPIENTS
    for report in message.reports:
        assert report.action in ACTIONS or report.reason in ("feedback", "vacation")
        assert report.reason in REASONS
        assert report.fault in FAULTS
        assert report.subject_kind in SUBJECT_KINDS
        assert report.phase is None or report.phase in PHASES
        assert len(report.text or "") <= max(reply.LENGTH, dsn.VALUE)
        assert len(report.recipient or "") <= dsn.VALUE


def fuzz_read(data: bytes) -> None:
    """Any file, by whichever door knows it."""
    messages = list(bounce.read_all(io.BytesIO(data), catalogue=CATALOGUE))
    assert messages
    for message in messages:
        check(message)


def fuzz_kind(data: bytes) -> None:
    """Any file by the door that its first byte names."""
    kind = KINDS[data[0] % len(KINDS)] if data else None
    messages = list(bounce.read_all(io.BytesIO(data[1:]), kind, CATALOGUE))
    assert messages
    for message in messages:
        check(message)


def fuzz_mime(data: bytes) -> None:
    """Mail taken apart, each part and the notice that they make."""
    mail = mime.parse(data)
    for part in mime.parts(mail):
        assert len(mime.text_of(part)) <= 2 * mime.TEXT
        assert isinstance(part.is_closed, bool)
    found = notice.take_apart(mail)
    assert signs.kind(found) in (None, "other", "complaint", "autoreply", "challenge")
    for layout in layouts.LAYOUTS.values():
        assert len(layout(found)) <= max(dsn.RECIPIENTS, free.RECIPIENTS, ses.RECIPIENTS)


def fuzz_dsn(data: bytes) -> None:
    """A machine's report as text."""
    status = dsn.parse(data.decode("utf-8", "replace"))
    assert len(status.recipients) <= dsn.RECIPIENTS
    for group in (status.message_fields, *status.recipients):
        assert all(name == name.lower() and len(value) <= dsn.VALUE for name, value in group.items())
        assert all(len(dsn.value_of(value)) <= dsn.VALUE for value in group.values())


def fuzz_reply(data: bytes) -> None:
    """The words of a refusal: peeled, judged by the dialects, and asked what they name."""
    text = data.decode("utf-8", "surrogatepass" if data[:1] == b"\xed" else "replace")
    said = reply.read(text)
    assert len(said.text) <= reply.LENGTH
    assert said.phase is None or said.phase in PHASES
    match = dialects.load().match(said.smtp, said.enhanced, said.text, said.phase, said.rhost)
    named = naming.read(said.text, match, CATALOGUE)
    assert named.entry is None or named.list
    assert host(text) is None or host(text)


Target = Callable[[bytes], None]
TARGETS: dict[str, Target] = {
    "read": fuzz_read, "kind": fuzz_kind, "mime": fuzz_mime, "dsn": fuzz_dsn, "reply": fuzz_reply,
}  # fmt: skip


def seeds(target: str) -> list[bytes]:
    """The fixtures in the form that a target takes."""
    paths = sorted(
        path for path in FIXTURES.rglob("*") if path.is_file() and path.suffix not in (".json", ".py", ".pyc")
    )
    whole = [(path, path.read_bytes()[:LARGEST]) for path in paths]
    if target == "kind":
        return [bytes([KINDS.index(_kind(path, data))]) + data for path, data in whole]
    if target == "dsn":
        marked = [data[data.lower().find(b"reporting-mta:") :] for _, data in whole if b"eporting-MTA:" in data]
        return [each[:4096] for each in marked]
    if target == "reply":
        return [rule.example.encode() for rule in dialects.load().rules]
    return [data for _, data in whole if target == "read" or data[:8] != b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"]


def _kind(path: Path, data: bytes) -> str:
    """The door that a fixture is meant for, by the first that takes it."""
    for kind in KINDS:
        try:
            if doors.door(kind)(Source(io.BytesIO(data))) is not None:
                return kind
        except ValueError:
            continue
    return "text"


def main() -> None:
    """Fuzz until an option or a crash ends it."""
    name, folder, *options = sys.argv[1:]
    target, corpus = TARGETS[name], Path(folder)
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(seeds(name)):
        (corpus / f"seed-{number:04}").write_bytes(seed)
    limits = ["-max_len=20000", "-timeout=10", "-rss_limit_mb=1024", f"-artifact_prefix={folder}/"]
    files = [each for each in options if not each.startswith("-")]
    flags = [each for each in options if each.startswith("-")]
    atheris.Setup([sys.argv[0], *limits, *flags, *(files or [folder])], _as_mail(target))
    atheris.Fuzz()


def _as_mail(target: Target) -> Target:
    """A target that takes what passes a bound as an answer."""

    def run(data: bytes) -> None:
        try:
            target(data)
        except (mime.MailError, UnicodeDecodeError):
            return

    return run


if __name__ == "__main__":
    main()

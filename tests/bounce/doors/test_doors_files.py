"""What comes through the doors: every file beside what must be read from it, written before the code read it."""

import io
import json
from pathlib import Path

import pytest

from reputon import bounce, lists
from reputon.bounce import doors

FOLDER = Path(__file__).parent
FILES = sorted(path for path in FOLDER.rglob("*") if path.is_file() and path.suffix in
               (".log", ".csv", ".jsonl", ".msg", ".event", ".sns", ".events"))  # fmt: skip


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_expected_value_is_read(path):
    expected = json.loads(path.with_suffix(".json").read_text("utf-8"))
    wanted = expected if isinstance(expected, list) else [expected]
    for message, each in zip(bounce.read_all(io.BytesIO(path.read_bytes())), wanted, strict=True):
        found = bounce.as_json(message)
        assert (found["kind"], found["is_bounce"]) == (each["kind"], each["is_bounce"]), message
        for report, told in zip(found["reports"], each["reports"], strict=True):
            assert {key: report[key] for key in told} == told
        rest = {key: each[key] for key in each if key not in ("kind", "is_bounce", "reports")}
        assert {key: getattr(message, key) for key in rest} == rest


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_kind_is_known_by_the_head(path):
    data = path.read_bytes()
    kinds = [kind for kind in doors.DOORS if path.stem.startswith(kind.partition("-")[0])]
    kind = "msg" if path.suffix == ".msg" else kinds[0]
    named = list(bounce.read_all(io.BytesIO(data), kind))
    assert named == list(bounce.read_all(io.BytesIO(data)))
    assert named[0] == bounce.read(data, lists.load())

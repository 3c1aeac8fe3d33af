"""Bounces as files, and mail that only looks like them: every message beside what must be read from it."""

import json
from pathlib import Path
from typing import Any

import pytest

from reputon import bounce, lists

# Exchange's reports and the common ones; the forms of other mail systems; what is mostly no bounce.
FOLDERS = ("ndr", "layouts", "others")
HERE = Path(__file__).parent
FILES = sorted(path for name in FOLDERS for path in (HERE / name).iterdir() if path.suffix in (".eml", ".txt"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_expected_value_is_read(path):
    expected = json.loads(path.with_suffix(".json").read_text("utf-8"))
    message = bounce.read(path.read_bytes(), lists.load())
    found = bounce.as_json(message)
    assert (found["kind"], found["is_bounce"]) == (expected.pop("kind"), expected.pop("is_bounce"))
    for report, wanted in zip(found["reports"], expected.pop("reports"), strict=True):
        assert {key: report[key] for key in wanted} == wanted
    assert {key: getattr(message, key) for key in expected} == expected


@pytest.mark.parametrize("ending", [b"\r\n", b"\n"])
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_line_ends_do_not_matter(path, ending):
    data = path.read_bytes()
    assert bounce.read(data.replace(b"\n", ending)) == bounce.read(data)


def _exchange() -> list[Any]:
    return [path for path in FILES if path.stem.startswith(("classic", "enhanced", "forwarded"))]


@pytest.mark.parametrize("path", _exchange(), ids=lambda path: path.stem)
def test_returned_headers_carry_the_proof_of_authentication(path):
    returned = bounce.read(path.read_bytes()).returned
    assert returned is not None
    seal = returned.first("arc-authentication-results") or ""
    assert "mx.microsoft.com" in seal
    assert all(f"{method}=pass" in seal for method in ("spf", "dkim", "dmarc"))
    assert "SFV:NSPM" in (returned.first("x-forefront-antispam-report") or "")
    names = [name.lower() for name, _ in returned.headers]
    assert names.index("arc-seal") < names.index("from") < names.index("mime-version")

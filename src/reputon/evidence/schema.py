"""Schema of evidence as JSON lines, for whoever writes them (JSON Schema 2020-12); the reader takes what it takes."""

import json
from pathlib import Path
from typing import Any

FILE = Path(__file__).parent / "evidence.schema.json"


def schema() -> dict[str, Any]:
    """The published schema; print it as JSON."""
    return dict(json.loads(FILE.read_text("utf-8")))

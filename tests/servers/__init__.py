"""Real servers from Debian packages, private to a test."""

import os
from typing import NoReturn

import pytest


def unavailable(why: str) -> NoReturn:
    """Skip the test; fail it where servers are promised."""
    if os.environ.get("REPUTON_NEED_SERVERS"):
        pytest.fail(why)
    pytest.skip(why)

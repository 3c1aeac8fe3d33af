"""Ledgers: the same tests run on SQLite and on a real PostgreSQL."""

import pytest
from tests.servers.postgres import Postgres

from reputon.listing.ledger import Ledger


@pytest.fixture(scope="session")
def postgres():
    with Postgres() as server:
        yield server


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.server)])
def url(request):
    """Where a ledger lies: empty for SQLite in its state directory."""
    return request.getfixturevalue("postgres").url() if request.param == "postgresql" else ""


@pytest.fixture
def ledger(tmp_path, url):
    with Ledger(tmp_path, url) as made:
        yield made

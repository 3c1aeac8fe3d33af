"""Evidence of tests: rows in a real store, and an engine over them."""

from contextlib import contextmanager
from datetime import timedelta

from reputon.evidence.kinds import Evidence, Kind
from reputon.evidence.store import Store
from reputon.score import asking, engines, parameters
from reputon.score.engines import Resources
from reputon.subject import address_key

PARAMETERS = parameters.load()


def resources(folder):
    return Resources(1 << 30, 1, folder / "spill")


def keep(store, evidence, now):
    """(hours ago, source, address or key, tenant, kind, count), each a batch of its own, so that equal ones count."""
    for ago, source, subject, tenant, kind, count in evidence:
        key = address_key(subject) if isinstance(subject, str) else subject
        piece = Evidence(now - timedelta(hours=ago), key, tenant, Kind(kind), count)
        number = store._db.all("SELECT count(*) FROM digest")[0][0]
        assert store.add(source, f"{number}".encode(), [piece])


def asked(store, now, sources=()):
    store.seal()
    return asking.Asked(store.files(), asking.sources(sources), PARAMETERS, now, store.names)


@contextmanager
def scoring(folder, evidence, now, sources=(), engine="duckdb"):
    """An engine and what it is asked, over a new store in `folder` that holds the evidence."""
    with Store(folder) as store, engines.opened(engine, resources(folder)) as made:
        keep(store, evidence, now)
        yield made, asked(store, now, sources)

"""Rater: the operator of a list in the made world: takes evidence in, scores, lists, publishes by the stages."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from reputon.evidence import ingest
from reputon.evidence.readers import READERS
from reputon.evidence.store import Store
from reputon.listing import policy
from reputon.listing.ledger import Ledger
from reputon.listing.rescore import Rescored, rescore
from reputon.score import about, asking, engines, parameters
from reputon.score.engines import Engine, Resources
from reputon.score.model import Score
from reputon.simulate import receiver
from reputon.simulate.clock import Clock
from reputon.simulate.scene import ROOT
from reputon.subject import address_key
from reputon.zone.own import Settings
from reputon.zone.publish import Publisher

# Source, reader, file or folder of the receiver: three parties, so that no one of them lists anybody alone.
FEEDS = (
    ("customer-log", "jsonl", receiver.LOG),
    ("spam-traps", "jsonl", receiver.TRAPS),
    ("feedback-loop", "arf", receiver.COMPLAINTS),
)


class Rater:
    """Use with `with`; `publisher` has what DNS answers."""

    def __init__(self, state_dir: Path, evidence: Path, settings: policy.Settings, clock: Clock) -> None:
        self._store = Store(state_dir)
        self._folder = state_dir / "scores"
        self._ledger = Ledger(state_dir)
        self._evidence = evidence
        self._settings = settings
        self._parameters = parameters.load()
        self._clock = clock
        self.publisher = Publisher(self._ledger, Settings(ROOT, f"https://{ROOT}/{{subject}}"), clock=clock)

    def __enter__(self) -> "Rater":
        return self

    def __exit__(self, *_: object) -> None:
        self._store.__exit__()
        self._ledger.__exit__()

    def round(self) -> Rescored:
        """Ingest what has come, score everybody again, list, publish."""
        for source, reader, place in FEEDS:
            path = self._evidence / place
            files = sorted(path.iterdir()) if path.is_dir() else [path] * path.exists()
            ingest.ingest(self._store, READERS[reader], files, source, self._clock.now)
        with self._engine() as engine:
            done = rescore(engine, self._asked(), self._folder, self._ledger, self._settings)
        self.publisher.reload()
        return done

    def tenants_of(self, address: str) -> Sequence[Score]:
        """The tenants that send from an address with their scores, the worst first."""
        with self._engine() as engine:
            asked = self._asked()
            about.name(engine, asked, self._folder, f"subject = {address_key(address)}")
            return [each for each in about.pairs(engine, asked) if each.value is not None]

    def _engine(self) -> AbstractContextManager[Engine]:
        return engines.opened("duckdb", Resources(1 << 30, 1, self._folder / "spill"))

    def _asked(self) -> asking.Asked:
        self._store.seal()
        files, names = self._store.files(), self._store.names
        return asking.Asked(files, asking.sources([]), self._parameters, self._clock.now, names)

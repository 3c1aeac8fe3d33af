"""Database of the ledger: SQLite in the state directory, or PostgreSQL by URL; one writer at a time, all or nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from reputon import durable
from reputon.listing import tables

FILE = "listings.sqlite"
BUSY = 30  # seconds that a writer waits for another
_CONNECT = 10  # seconds until a server that says nothing is none
_MAKING = 0x72657075  # the number of PostgreSQL's advisory lock, by which only one process makes the tables
_DRIVER = "postgresql+psycopg"
_HOW = f"write it as {_DRIVER}://USER:PASSWORD@HOST/DATABASE"


class LedgerError(ValueError):
    """A ledger that cannot be read or written, or a subject that is not in it; the message says which."""


class Database:
    """Where the ledger lies.  `url` is empty for SQLite; its password is in no message."""

    def __init__(self, state_dir: Path, url: str = "") -> None:
        self._secrets: tuple[str, ...] = ()
        self.where = str(state_dir / FILE)
        self._engine = self._server(url) if url else self._file(state_dir)
        try:
            found = self._made()
        except BaseException:
            self._engine.dispose()
            raise
        if found > tables.VERSION:
            self._engine.dispose()
            raise LedgerError(f"{self.where} is of a newer reputon (schema {found}): use that one; nothing was changed")

    def close(self) -> None:
        """Let the connections go."""
        self._engine.dispose()

    @contextmanager
    def reading(self, stream: bool = False) -> Iterator[sa.Connection]:
        """A connection that reads; `stream`: rows come as they are asked for.  LedgerError."""
        with self._told("read"), self._engine.connect() as db:
            yield db.execution_options(yield_per=1000) if stream else db

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """A transaction, alone among the writers: it is kept whole, or an exception leaves everything as it was."""
        with (
            self._told("written", "; nothing was changed"),
            self._engine.connect().execution_options(writes=True) as db,
            db.begin(),
        ):
            if db.dialect.name == "postgresql":
                db.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_MAKING})")
            yield db

    def _made(self) -> int:
        """The version that was found, after the tables are today's; a reader waits for no writer."""
        with self.reading() as db:
            found = tables.version(db)
        if found >= tables.VERSION:
            return found
        with self.writing() as db:
            return tables.make(db)

    def _file(self, state_dir: Path) -> sa.Engine:
        try:
            state_dir.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise LedgerError(f"{self.where} cannot be opened: {error.strerror}") from None
        engine = sa.create_engine(f"sqlite:///{self.where}", connect_args={"timeout": BUSY})
        sa.event.listen(engine, "connect", _durable)
        sa.event.listen(engine, "begin", _begun)
        return engine

    def _server(self, text: str) -> sa.Engine:
        url = _parsed(text)
        self._secrets = _secrets(url)
        self.where = self._plain(url.difference_update_query(["password"]).render_as_string(hide_password=True))
        try:
            connect = {"connect_timeout": _CONNECT, "application_name": "reputon"}
            engine = sa.create_engine(url, pool_pre_ping=True, connect_args=connect)
        except ModuleNotFoundError:
            raise LedgerError("listing.ledger: PostgreSQL needs psycopg: install reputon[postgres]") from None
        sa.event.listen(engine, "connect", _patient)
        return engine

    def _plain(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return text

    @contextmanager
    def _told(self, what: str, more: str = "") -> Iterator[None]:
        try:
            yield
        except SQLAlchemyError as error:
            words = self._plain(" ".join(str(getattr(error, "orig", None) or error).split()))
            raise LedgerError(f"{self.where} cannot be {what} ({words}){more}") from None


def grown(db: sa.Connection) -> None:
    """Tell whoever follows the ledger that it has changed."""
    db.execute(tables.state.update().values(revision=tables.state.c.revision + 1))


def seconds(moment: datetime) -> int:
    """A time as the tables have it; parts of seconds are cut."""
    return int(moment.timestamp())


def moment(found: int) -> datetime:
    """A time out of the tables."""
    return datetime.fromtimestamp(found, UTC)


def _parsed(text: str) -> URL:
    """The URL that a person wrote; LedgerError, which does not repeat it: it may hold a password."""
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise LedgerError(f"listing.ledger is no URL of a database: {_HOW}") from None
    if url.drivername not in ("postgresql", _DRIVER):
        raise LedgerError(f"listing.ledger: {url.drivername!r} is no ledger of ours: {_HOW}, or leave it empty")
    return url.set(drivername=_DRIVER)


def _secrets(url: URL) -> tuple[str, ...]:
    """The passwords that a URL holds, in both places where it may."""
    there = url.query.get("password", ())
    found = (url.password, *((there,) if isinstance(there, str) else there))
    return tuple(each for each in found if each)


def _durable(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # Python's own would begin too late, and never for a reader or a table
    durable.into_wal(connection, BUSY)
    connection.execute("PRAGMA synchronous = FULL")


def _patient(connection: Any, _record: Any) -> None:
    connection.execute(f"SET lock_timeout = '{BUSY}s'")  # not among the URL's options, which are the operator's
    connection.commit()


def _begun(db: sa.Connection) -> None:
    # A writer that begins as a reader could not become one once another has written.
    db.exec_driver_sql("BEGIN IMMEDIATE" if db.get_execution_options().get("writes") else "BEGIN")

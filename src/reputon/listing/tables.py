"""Tables of the ledger: their form today, and the way there from every form that they had."""

from collections.abc import Callable

import sqlalchemy as sa

VERSION = 2  # of the schema: 1 knew no `who`, no entries, disputes, notices and proofs

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")  # SQLite counts by itself only in INTEGER

TABLES = sa.MetaData()
listing = sa.Table(
    "listing", TABLES,
    sa.Column("id", _ID, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False), sa.Column("subject", sa.Text, nullable=False, index=True),
    sa.Column("scope", sa.Text, nullable=False), sa.Column("reasons", sa.Text, nullable=False),
    # Epoch seconds, as evidence has them.
    sa.Column("since", sa.BigInteger, nullable=False), sa.Column("last_seen", sa.BigInteger, nullable=False),
    sa.Column("expires", sa.BigInteger, nullable=False, index=True), sa.Column("times", sa.Integer, nullable=False),
    sa.Column("removed", sa.Boolean, nullable=False),
    sa.Column("is_over", sa.Boolean, nullable=False),  # its end has been written down as a change
)  # fmt: skip
# Many listings end at one moment: their ends must not be looked up by that.
_same_listing = sa.Index("listing_subject_since", listing.c.subject, listing.c.since)
score = sa.Table(
    "score", TABLES,
    sa.Column("kind", sa.Text, primary_key=True), sa.Column("subject", sa.Text, primary_key=True),
    sa.Column("value", sa.Double, nullable=False), sa.Column("confidence", sa.Double, nullable=False),
    sa.Column("sample", sa.BigInteger, nullable=False), sa.Column("top", sa.Text, nullable=False),
    sa.Column("shared", sa.Boolean, nullable=False),
)  # fmt: skip
# The audit trail: rows are added and never touched again, which triggers in the database see to.
change = sa.Table(
    "change", TABLES,
    sa.Column("id", _ID, primary_key=True), sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("what", sa.Text, nullable=False), sa.Column("subject", sa.Text, nullable=False, index=True),
    sa.Column("why", sa.Text, nullable=False), sa.Column("who", sa.Text, nullable=False, server_default="rule"),
    sa.Column("until", sa.BigInteger),
)  # fmt: skip
entry = sa.Table(
    "entry", TABLES,
    sa.Column("id", _ID, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False), sa.Column("subject", sa.Text, nullable=False, index=True),
    sa.Column("since", sa.BigInteger, nullable=False), sa.Column("until", sa.BigInteger, index=True),
    sa.Column("who", sa.Text, nullable=False), sa.Column("why", sa.Text, nullable=False),
)  # fmt: skip
dispute = sa.Table(
    "dispute", TABLES,
    sa.Column("id", _ID, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False), sa.Column("subject", sa.Text, nullable=False, index=True),
    sa.Column("opened", sa.BigInteger, nullable=False),
    sa.Column("who", sa.Text, nullable=False), sa.Column("why", sa.Text, nullable=False),
    sa.Column("answered", sa.BigInteger), sa.Column("accepted", sa.Boolean),
    sa.Column("answerer", sa.Text, nullable=False), sa.Column("answer", sa.Text, nullable=False),
)  # fmt: skip
notice = sa.Table(
    "notice", TABLES,
    sa.Column("id", _ID, primary_key=True), sa.Column("subject", sa.Text, nullable=False, index=True),
    sa.Column("due", sa.BigInteger, nullable=False, index=True), sa.Column("why", sa.Text, nullable=False),
    sa.Column("contact", sa.Text, nullable=False),
    sa.Column("token_hash", sa.Text, nullable=False, index=True),  # the token itself is in the owner's mailbox only
    sa.Column("sent", sa.BigInteger), sa.Column("acknowledged", sa.BigInteger),
    sa.Column("trouble", sa.Text, nullable=False),
)  # fmt: skip
proof = sa.Table(
    "proof", TABLES,
    sa.Column("id", _ID, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False), sa.Column("subject", sa.Text, nullable=False, index=True),
    sa.Column("token_hash", sa.Text, nullable=False), sa.Column("until", sa.BigInteger, nullable=False),
    sa.Column("used", sa.Boolean, nullable=False),
)  # fmt: skip
removal = sa.Table(
    "removal", TABLES,
    sa.Column("id", _ID, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False), sa.Column("subject", sa.Text, nullable=False),
    sa.Column("owner", sa.Text, nullable=False, index=True), sa.Column("prefix", sa.Text, nullable=False, index=True),
    sa.Column("at", sa.BigInteger, nullable=False),
)  # fmt: skip
state = sa.Table(
    "state", TABLES,
    sa.Column("revision", sa.BigInteger, nullable=False),
    sa.Column("version", sa.Integer, nullable=False, server_default="1"),
)  # fmt: skip

# Whose scores are published: a run knows by it whether this ledger has those of the run before.
identity = sa.Table("identity", TABLES, sa.Column("id", sa.Text, primary_key=True))

_GUARDS = {
    "sqlite": [
        "CREATE TRIGGER IF NOT EXISTS change_no_{verb} BEFORE {verb} ON change "
        "BEGIN SELECT RAISE(ABORT, 'the audit trail is only added to'); END"
    ],
    "postgresql": [
        "CREATE OR REPLACE FUNCTION change_only_added() RETURNS trigger LANGUAGE plpgsql AS "
        "'BEGIN RAISE EXCEPTION ''the audit trail is only added to''; END'",
        "CREATE OR REPLACE TRIGGER change_no_{verb} BEFORE {verb} ON change "
        "FOR EACH STATEMENT EXECUTE FUNCTION change_only_added()",
    ],
}


def make(db: sa.Connection) -> int:
    """Make what is missing, in the transaction of `db`; the version that it found: 0 for none, VERSION for today's.

    A version that this code does not know is returned, and nothing is touched.
    """
    found = version(db)
    if found >= VERSION:
        return found
    for step in range(max(found, 1), VERSION) if found else ():
        _STEPS[step](db)
    TABLES.create_all(db)
    if not found:
        db.execute(state.insert().values(revision=1, version=VERSION))
    db.execute(state.update().values(version=VERSION))
    for text in _GUARDS[db.dialect.name]:
        for verb in ("UPDATE", "DELETE"):
            db.exec_driver_sql(text.format(verb=verb))
    return found


def version(db: sa.Connection) -> int:
    """The version of the tables that are there: 0 for none."""
    known = sa.inspect(db)
    if not known.has_table(state.name):
        return 0
    columns = {each["name"] for each in known.get_columns(state.name)}
    if "version" not in columns:
        return 1
    return int(db.execute(sa.select(state.c.version)).scalar_one())


def _to_2(db: sa.Connection) -> None:
    db.exec_driver_sql("ALTER TABLE state ADD COLUMN version INTEGER NOT NULL DEFAULT 1")
    db.exec_driver_sql("ALTER TABLE change ADD COLUMN who TEXT NOT NULL DEFAULT 'rule'")
    db.exec_driver_sql("ALTER TABLE change ADD COLUMN until BIGINT")
    _same_listing.create(db)


_STEPS: dict[int, Callable[[sa.Connection], None]] = {1: _to_2}

"""Readers: each parses one format into evidence; the table of all there are."""

from reputon.evidence.ingest import Reader
from reputon.evidence.readers import (
    arf,
    dmarc,
    dsn,
    exchange,
    exim,
    jsonl,
    kumomta,
    opensmtpd,
    parquet,
    postfix,
    powermta,
    rspamd,
    sendmail,
    snds,
    trap,
    xarf,
)  # fmt: skip

READERS: dict[str, Reader] = {
    "jsonl": jsonl.READER,
    "arf": arf.READER,
    "postfix": postfix.READER,
    "rspamd": rspamd.READER,
    "exchange": exchange.READER,
    "kumomta": kumomta.READER,
    "powermta": powermta.READER,
    "parquet": parquet.READER,
    "exim": exim.READER,
    "sendmail": sendmail.READER,
    "opensmtpd": opensmtpd.READER,
    "xarf": xarf.READER,
    "dsn": dsn.READER,
    "dmarc": dmarc.READER,
    "snds": snds.READER,
    "trap-pristine": trap.PRISTINE,
    "trap-recycled": trap.RECYCLED,
}

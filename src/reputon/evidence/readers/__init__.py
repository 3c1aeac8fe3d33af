"""Readers: each parses one format into evidence; the table of all there are."""

from reputon.evidence.ingest import Reader
from reputon.evidence.readers import arf, exchange, jsonl, kumomta, postfix, powermta, rspamd

READERS: dict[str, Reader] = {
    "jsonl": jsonl.READER,
    "arf": arf.READER,
    "postfix": postfix.READER,
    "rspamd": rspamd.READER,
    "exchange": exchange.READER,
    "kumomta": kumomta.READER,
    "powermta": powermta.READER,
}

"""Readers: each parses one format into evidence; the table of all there are."""

from reputon.evidence.ingest import Reader
from reputon.evidence.readers import arf, dmarc, jsonl, postfix, snds

READERS: dict[str, Reader] = {
    "jsonl": jsonl.READER,
    "arf": arf.READER,
    "postfix": postfix.READER,
    "dmarc": dmarc.READER,
    "snds": snds.READER,
}

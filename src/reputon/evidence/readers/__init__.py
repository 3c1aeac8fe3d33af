"""Readers: each parses one format into evidence; the table of all there are."""

from reputon.evidence.ingest import Reader
from reputon.evidence.readers import arf, dmarc, dsn, jsonl, postfix, snds, trap, xarf

READERS: dict[str, Reader] = {
    "jsonl": jsonl.READER,
    "arf": arf.READER,
    "postfix": postfix.READER,
    "xarf": xarf.READER,
    "dsn": dsn.READER,
    "dmarc": dmarc.READER,
    "snds": snds.READER,
    "trap-pristine": trap.PRISTINE,
    "trap-recycled": trap.RECYCLED,
}

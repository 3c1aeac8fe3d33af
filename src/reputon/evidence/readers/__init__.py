"""Readers: each parses one format into evidence; the table of all there are."""

from reputon.evidence.ingest import Reader
from reputon.evidence.readers import arf, exim, jsonl, opensmtpd, postfix, sendmail

READERS: dict[str, Reader] = {
    "jsonl": jsonl.READER,
    "arf": arf.READER,
    "postfix": postfix.READER,
    "exim": exim.READER,
    "sendmail": sendmail.READER,
    "opensmtpd": opensmtpd.READER,
}

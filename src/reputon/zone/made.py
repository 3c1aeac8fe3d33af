"""Made: the other names of a made world, answered beside our zones, so that a demo's SPF is asked at the same port."""

from reputon.resolver import Question, Status, World
from reputon.zone.table import Record, Reply

TTL = 60  # seconds

_RCODES = {
    Status.ANSWER: "NOERROR",
    Status.NODATA: "NOERROR",
    Status.NXDOMAIN: "NXDOMAIN",
    Status.REFUSED: "REFUSED",
}


def answer(world: World, name: str, rdtype: str) -> Reply | None:
    """What the made world (DESIGN.md section 4, `dns.json`) says of a name; None where its server is silent."""
    said = world.ask([Question(name, rdtype)])[0]
    if said.status is Status.TIMEOUT:
        return None
    records = tuple(Record(name, rdtype, TTL, text) for text in said.records)
    return Reply(_RCODES.get(said.status, "SERVFAIL"), records, why=said.why if said.status is Status.REFUSED else "")

"""Faults: what is wrong in a domain's SPF, DKIM and DMARC records, in plain words with what to do about it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from reputon.resolver import Answer, Status

Weight = Literal["fault", "note"]


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong (`fault`), or works and is worth knowing (`note`).

    `id` is a stable word for programs, `where` the DNS name whose record it is about.
    """

    id: str
    where: str
    words: str
    remedy: str
    weight: Weight = "fault"


def shown(text: str, most: int = 80) -> str:
    """A stranger's words, short and on one line."""
    flat = " ".join("".join(each if each.isprintable() else " " for each in text).split())
    return flat if len(flat) <= most else flat[: most - 1] + "…"


def of_mail_hosts(domain: str, answers: Iterable[Answer]) -> Iterable[Fault]:
    """Neither MX nor A nor AAAA: Microsoft's page on its high-risk delivery pool names such domains.

    Nothing is said where one of the answers is not known.
    """
    answers = tuple(answers)
    if any(answer.records or not answer.is_known for answer in answers):
        return
    if all(answer.status is Status.NXDOMAIN for answer in answers):
        yield Fault(
            "no-domain", domain, f"{domain} does not exist in DNS", f"register {domain}, or mend its delegation"
        )
        return
    yield Fault(
        "no-mx-no-a",
        domain,
        f"{domain} has neither an MX nor an A record: nobody can answer, and Microsoft 365 sends such a domain's mail "
        "through its high-risk pool",
        f"publish an MX record for {domain}",
    )

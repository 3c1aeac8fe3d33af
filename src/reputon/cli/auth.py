"""reputon auth: what DNS says of a domain's SPF, DKIM and DMARC, and what is wrong with it."""

from dataclasses import asdict, replace
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reputon.cli import console, made

if TYPE_CHECKING:
    from rich.text import Text

    from reputon.authentication.dkim import Signature
    from reputon.authentication.dmarc import Discovery, Outcome
    from reputon.authentication.survey import Survey
    from reputon.resolver import Resolver

_COLOURS = {"pass": "bold green", "present": "green", "revoked": "yellow", "missing": "red", "invalid": "red",
            "temperror": "yellow", "unverifiable": "yellow", "unknown": "yellow", "neutral": "yellow",
            "none": "yellow"}  # fmt: skip
_MODES = {"r": "relaxed", "s": "strict"}


def command(
    domains: Annotated[list[str], typer.Argument(metavar="DOMAIN...", help="Domains that mail is sent as.")],
    ip: Annotated[str | None, typer.Option(metavar="ADDRESS", help="May this address send for them?")] = None,
    selector: Annotated[list[str] | None, typer.Option(metavar="NAME", help="A DKIM selector to look at.")] = None,
    message: Annotated[Path | None, typer.Option(help="A whole message whose DKIM signatures to verify.")] = None,
    resolver: Annotated[str | None, typer.Option(metavar="ADDRESS[:PORT]", help="The resolver to ask.")] = None,
    world: Annotated[Path | None, typer.Option(help="A folder with dns.json instead of DNS.")] = None,
    config_path: console.ConfigOption = None,
    as_json: console.JsonOption = False,
) -> None:
    """Show SPF, DKIM and DMARC of domains, with every fault in plain words.

    Exit codes: 0 fine, 1 a fault or SPF does not pass, 2 bad usage or input, 3 could not tell.
    """
    from reputon import config
    from reputon.authentication.survey import survey

    names = list(dict.fromkeys(_domain(each) for each in domains))
    address = str(_address(ip)) if ip is not None else None
    asked, _ = made.asked(world, resolver or config.load(config_path).dns.resolver)
    signatures = _verified(message, asked) if message else None
    ends = set()
    for domain in console.progress(names, len(names), "Asking about domains"):
        found = survey(domain, asked, address, selector or ())
        outcome = _outcome(found, signatures)
        _print_json(found, address, signatures, outcome) if as_json else _show(found, address, signatures, outcome)
        ends.add(_end(found, outcome))
    console.end(next(end for end in (console.Exit.BAD_NEWS, console.Exit.UNKNOWN, console.Exit.DONE) if end in ends))


def _domain(text: str) -> str:
    """The canonical name, so that a domain named twice is one; a bare label is a slip: no mail is sent as it."""
    from reputon.subject import SubjectError, domain

    try:
        ip_address(text.strip().strip("[]"))
    except ValueError:
        pass
    else:
        console.fail(f"{text!r} is an IP address: give a domain with a dot, and the address by --ip")
    try:
        name = domain(text)
    except SubjectError:
        name = ""
    if "." not in name:
        console.fail(f"{text!r} is no domain: give a domain with a dot, such as example.org")
    return name


def _address(text: str) -> object:
    try:
        return ip_address(text)
    except ValueError:
        console.fail(f"--ip: {text!r} is not an IP address: write it as 192.0.2.1 or 2001:db8::1")


def _verified(path: Path, asked: "Resolver") -> "tuple[Signature, ...]":
    from reputon.authentication import dkim
    from reputon.mail.mime import MailError

    try:
        return dkim.verify(_read(path), asked)
    except MailError as error:
        console.fail(f"--message: {path} is no mail: {error}")


def _read(path: Path) -> bytes:
    from reputon.authentication.dkim import MESSAGE

    try:
        with path.open("rb") as file:
            data = file.read(MESSAGE + 1)  # a device or a pipe tells no size before
    except OSError as error:
        console.fail(f"--message: {path} cannot be read: {error.strerror or error}")
    if len(data) > MESSAGE:
        console.fail(f"--message: {path} is larger than {MESSAGE >> 20} MiB")
    return data


def _outcome(found: "Survey", signatures: "tuple[Signature, ...] | None") -> "Outcome | None":
    """Whether the message passes for the domain, by SPF for the address and its signatures."""
    from reputon.authentication import dmarc

    if signatures is None:
        return None
    spf = (found.spf.result, found.spf.domain) if found.spf else None
    outcome = dmarc.evaluate(found.dmarc, spf, [(each.result, each.domain) for each in signatures])
    if spf is None and outcome.state == "unknown":
        return replace(outcome, fact=f"{outcome.fact}; SPF was not asked: give --ip too")
    return outcome


def _end(found: "Survey", outcome: "Outcome | None") -> console.Exit:
    refused = found.spf is not None and found.spf.result not in ("pass", "temperror")
    failed = outcome is not None and outcome.state == "fail"
    if refused or failed or any(fault.weight == "fault" for fault in found.faults):
        return console.Exit.BAD_NEWS
    unknown = found.unknown or (outcome is not None and outcome.state == "unknown")
    return console.Exit.UNKNOWN if unknown else console.Exit.DONE


def _print_json(
    found: "Survey", address: str | None, signatures: "tuple[Signature, ...] | None", outcome: "Outcome | None"
) -> None:
    walk: dict[str, Any] = asdict(found.walk)
    del walk["domain"], walk["faults"], walk["unknown"]
    walk["networks"] = [str(network) for network in found.walk.networks]
    dmarc = {key: value for key, value in asdict(found.dmarc).items() if key not in ("faults", "why")}
    console.print_json({
        "domain": found.domain,
        "spf": walk | {"ip": address, "result": asdict(found.spf) if found.spf else None},
        "dkim": [asdict(key) | {"name": key.name} for key in found.keys],
        "dmarc": dmarc | {"policy": found.dmarc.policy},
        "mx": found.mx,
        "service": found.service,
        "signatures": None if signatures is None else [asdict(each) for each in signatures],
        "message": asdict(outcome) if outcome else None,
        "faults": [asdict(fault) for fault in found.faults],
        "unknown": found.unknown,
    })  # fmt: skip


def _show(
    found: "Survey", address: str | None, signatures: "tuple[Signature, ...] | None", outcome: "Outcome | None"
) -> None:
    """What was found, a method a line; then what is wrong, and what to do."""
    from rich.table import Table
    from rich.text import Text

    grave = sum(fault.weight == "fault" for fault in found.faults)
    count = f"{grave} fault{'s' if grave != 1 else ''}" if grave else "no fault seen"
    silent = "; DNS could not tell everything" if found.unknown else ""
    style = "bold red" if grave else "yellow" if silent else "green"
    console.out.print(Text.assemble((found.domain, "bold"), ": ", (count + silent, style)))
    table = Table.grid(padding=(0, 2))
    for name, texts in (("SPF", _spf(found, address)), ("DKIM", _keys(found)), ("DMARC", _dmarc(found.dmarc)),
                        ("Mail to", _mail(found)), ("Message", _message(signatures, outcome))):  # fmt: skip
        for at, text in enumerate(texts):
            table.add_row(Text(name if at == 0 else "", style="dim"), text)
    console.out.print(table)
    notes = Table.grid(padding=(0, 2))
    for fault in sorted(found.faults, key=lambda each: each.weight):
        colour = "bold red" if fault.weight == "fault" else "cyan"
        notes.add_row(Text(fault.weight, style=colour), Text(f"{fault.words}\n→ {fault.remedy}"))
    for unknown in found.unknown:
        notes.add_row(Text("unknown", style="yellow"), Text(unknown))
    if notes.row_count:
        console.out.print(notes)


def _spf(found: "Survey", address: str | None) -> "list[Text]":
    from rich.text import Text

    from reputon.authentication.spf_walk import LOOKUPS

    walk = found.walk
    without = "unknown" if walk.unknown else "no usable record"
    lines = [Text(walk.record or without, style="" if walk.record else "yellow")]
    if walk.record:
        style = "red" if walk.lookups > LOOKUPS else "dim"
        lines.append(Text(f"{walk.lookups} of {LOOKUPS} lookups, {walk.voids} find nothing; addresses that may send: "
                          f"{len(walk.networks)} networks", style=style))  # fmt: skip
    lines += [Text(f"depends on the message: {each}", style="dim") for each in walk.dynamic]
    if found.spf and address:
        by = f" by {found.spf.mechanism}" if found.spf.mechanism else f" ({found.spf.why})" if found.spf.why else ""
        lines.append(Text.assemble(f"{address}: ", (found.spf.result, _COLOURS.get(found.spf.result, "bold red")), by))
    return lines


def _keys(found: "Survey") -> "list[Text]":
    from rich.text import Text

    lines = []
    for key in found.keys:
        size = f", {key.algorithm} {key.bits} bits" if key.bits else f", {key.algorithm}" if key.algorithm else ""
        test = ", test mode" if key.testing else ""
        lines.append(Text.assemble(f"{key.selector}: ", (key.state, _COLOURS.get(key.state, "")), size + test))
    none = "no key at any usual selector: name yours by --selector (the DKIM-Signature of a message shows it, s=)"
    is_unknown = any(f"._domainkey.{found.domain}" in each for each in found.unknown)
    return lines or [Text("unknown" if is_unknown else none, style="yellow")]


def _dmarc(found: "Discovery") -> "list[Text]":
    from rich.text import Text

    if found.record is None:
        return [Text("unknown" if found.why else "no usable record", style="yellow")]
    record = found.record
    modes = f"alignment: SPF {_MODES[record.aspf]}, DKIM {_MODES[record.adkim]}"
    more = f"at _dmarc.{record.domain}; policy {found.policy}; {modes}; owner's domain: {found.organizational}"
    return [Text(record.text), Text(more, style="dim")]


def _mail(found: "Survey") -> "list[Text]":
    from rich.text import Text

    at = f" ({found.service})" if found.service else ""
    without = "unknown" if any(each.startswith("MX ") for each in found.unknown) else "no MX record"
    return [Text(", ".join(found.mx[:5]) + at if found.mx else without, style="" if found.mx else "yellow")]


def _message(signatures: "tuple[Signature, ...] | None", outcome: "Outcome | None") -> "list[Text]":
    from rich.text import Text

    lines = [
        Text.assemble("DKIM ", (each.result, _COLOURS.get(each.result, "bold red")),
                      f" for {each.domain}, selector {each.selector}: {each.why}")
        for each in signatures or ()
    ]  # fmt: skip
    if signatures is not None and not signatures:
        lines.append(Text("no DKIM signature", style="yellow"))
    if outcome:
        lines.append(Text.assemble((outcome.state, _COLOURS.get(outcome.state, "bold red")), f": {outcome.fact}"))
    return lines

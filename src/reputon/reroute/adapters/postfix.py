"""Postfix: a transport of its own for the receivers of an incident, in marked lines (measured with Postfix 3.7.11).

Soft: `smtp_fallback_relay` alone does not catch a 5xx, so the transport's `smtp_reply_filter` turns a refusal that
names a list into a 4xx, and the relay takes the message in the same attempt.  Global settings would catch greylisting
for everybody; hence a transport of its own, chosen by a texthash map, which needs no postmap and cannot be half built.
`postconf -e` joins continued lines and has no inverse, so texts are edited here and postconf only confirms.
"""

import subprocess
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from reputon.reroute import block
from reputon.reroute.adapters.adapter import Adapter
from reputon.reroute.incident import RerouteError, Route, Texts, lines

MAIN, MASTER, MAP, FILTER = "main.cf", "master.cf", "reputon_transport", "reputon_reply_filter"
_MAP = f"texthash:$config_directory/{MAP}"
_SECONDS = 30
_OWN = ("mydestination", "myhostname", "relay_domains", "virtual_alias_domains", "virtual_mailbox_domains")
_FINAL = ("local", "virtual", "lmtp", "error", "retry", "discard")  # transports by which mail goes to nobody else

# A refusal about something else than the client's address stays one: a relay does not help there.  POSIX regexps are in
# every Postfix, PCRE only where its package is; matching ignores case.  Postfix filters each line of an answer alone
# and goes by the last: a list that only an earlier line names is not seen.
_ELSE = (
    "sender (address|domain)", "mail from", "helo", "[^a-z]domain[^a-z]", "[^a-z]ur[il][^a-z]", "uribl", "surbl",
    "[^a-z]dbl", "content", "virus", "dmarc", "dkim", "[^a-z]spf[^a-z]",
)  # fmt: skip
_NAMED = ("blocked using", "dns_?r?bl", "rbl([^a-z]|$)", "(block|black) ?list")
_REPLIES = f"""if !/{"|".join(_ELSE)}/
/^5([0-9][0-9])([ -])(5[.][0-9]+[.][0-9]+ )?(.*({"|".join(_NAMED)}).*)$/  4$1${{2}}4.7.1 reputon: $4
endif
"""


def changed(texts: Texts, routes: Sequence[Route]) -> Texts:
    """The four files with these routes."""
    rest = {name: block.out(text, name) for name, text in texts.items()}
    for name in (MAIN, MASTER):
        if rest[name] is None:
            raise RerouteError(f"there is no {name}: name Postfix's configuration directory with --config-dir")
    if not routes:
        return rest
    main, master = rest[MAIN] or "", rest[MASTER] or ""
    _refuse(main, master, routes)
    entries = {name: _entry(route, name) for route in routes for name in route.receivers}
    body = "".join(f"{name} {entry}\n" for name, entry in sorted(entries.items()))
    return {
        FILTER: block.put(rest[FILTER], _REPLIES, FILTER),
        MASTER: block.put(master, "".join(_service(route) for route in routes), MASTER),
        MAP: block.put(rest[MAP], body, MAP),
        MAIN: _main(main),
    }


def _refuse(main: str, master: str, routes: Sequence[Route]) -> None:
    for route in routes:
        by_mx = [name for name in route.receivers if name.startswith("mx:")]
        if by_mx:
            raise RerouteError(f"Postfix routes by recipient domain: name the domains behind {by_mx[0][3:]}")
        if any(line.split()[:1] == [_name(route)] for line in lines(master)):
            raise RerouteError(f"{MASTER} has a service {_name(route)} that is not ours: give it another name")
        for kind in ("randmap:", "static:"):
            if kind in (value(main, "transport_maps") or ""):
                # Postfix asks every map for the whole address before any for its domain.
                raise RerouteError(
                    f"`transport_maps` in {MAIN} has a {kind} map, which answers before a domain's route: move it to "
                    "sender_dependent_default_transport_maps"
                )
        if route.mode == "soft":
            for parameter, usual in (("relayhost", ""), ("default_transport", "smtp")):
                if (value(main, parameter) or usual) != usual:
                    raise RerouteError(
                        f"`{parameter}` in {MAIN} takes the mail, so its refusals are not seen here: use --mode hard"
                    )


def _name(route: Route) -> str:
    return f"rptn-{route.id}"


def _entry(route: Route, receiver: str) -> str:
    nexthop = route.relay.nexthop if route.mode == "hard" else dict(route.usual).get(receiver, "")
    return f"{_name(route)}:{nexthop}"


def _service(route: Route) -> str:
    options = [f"syslog_name=postfix/{_name(route)}"]
    if route.mode == "soft":
        options += [f"smtp_reply_filter=regexp:$config_directory/{FILTER}"]
        options += [f"smtp_fallback_relay={route.relay.nexthop}"]
    if route.relay.sasl_map:
        # A password goes over TLS only: the defaults refuse plain text, and this lets TLS have it.
        options += ["smtp_sasl_auth_enable=yes", f"smtp_sasl_password_maps={route.relay.sasl_map}"]
        options += ["smtp_sasl_tls_security_options=noanonymous"]
    return f"{_name(route)} unix - - n - - smtp\n" + "".join(f"  -o {option}\n" for option in options)


def _main(text: str) -> str:
    """main.cf with our map before the administrator's own; the line that it stands in for is kept."""
    where = _where(text, "transport_maps")
    others = value(text, "transport_maps")
    return block.put(text, f"transport_maps = {_MAP}{f', {others}' if others else ''}\n", MAIN, where)


def value(text: str, parameter: str) -> str | None:
    """A parameter's value as main.cf writes it, on one line; None where it is not set (postconf(5))."""
    where = _where(text, parameter)
    if where is None:
        return None
    logical = [line for line in lines(text)[slice(*where)] if line.strip() and not line.lstrip().startswith("#")]
    return " ".join("".join(logical).partition("=")[2].split())


def _where(text: str, parameter: str) -> tuple[int, int] | None:
    """The lines (from, to) of the parameter's last setting, which is the one in force, with its continuations."""
    found: tuple[int, int] | None = None
    inside = False
    for at, line in enumerate(lines(text)):
        if not line.strip() or line.lstrip().startswith("#"):
            continue  # neither ends a setting: the next line may still continue it
        if not line[0].isspace():
            inside = "=" in line and line.partition("=")[0].strip() == parameter
            found = (at, at + 1) if inside else found
        elif inside and found is not None:
            found = (found[0], at + 1)
    return found


# --- the shell: what Postfix itself says -----------------------------------------------------------------------------


def prepared(directory: Path, route: Route) -> Route:
    """The route with the ways that the administrator's own maps give its receivers.

    RerouteError for domains that this Postfix takes mail for: their mail would go round in a circle.
    """
    own = _words(" ".join(_run(directory, "postconf", "-hx", each) for each in _OWN))
    maps = [
        each for each in _words(_run(directory, "postconf", "-hx", "transport_maps")) if not each.endswith(f"/{MAP}")
    ]
    usual = []
    for receiver in route.receivers:
        transport, _, nexthop = _usual(directory, receiver, maps).partition(":")
        if receiver in own or transport in _FINAL:
            raise RerouteError(f"{receiver} is not a domain that this Postfix sends to: it cannot be gone round")
        if transport not in ("", "smtp", "relay") and route.mode == "soft":
            raise RerouteError(f"mail to {receiver} has a transport of its own, {transport}: use --mode hard")
        usual += [(receiver, nexthop.strip())] if nexthop.strip() else []
    return replace(route, usual=tuple(usual))


def _usual(directory: Path, receiver: str, maps: Sequence[str]) -> str:
    """What the maps say of a domain, else of its parents, else of everything (transport(5)); empty for nothing."""
    labels = receiver.split(".")
    parents = ["." + ".".join(labels[at:]) for at in range(1, len(labels))]
    for key in (receiver, *parents, "*"):
        for each in maps:
            done = _ask(directory, "postmap", "-q", key, each)
            if "fatal:" in done.stderr:
                raise RerouteError(f"Postfix cannot read {each.partition(':')[0]}: map: {done.stderr.strip()[-200:]}")
            if done.stdout.strip():
                return done.stdout.strip()
    return ""


def _words(text: str) -> list[str]:
    """The items of a list as Postfix writes it: commas and blanks between, braces around what has some inside."""
    depth, found = 0, [""]
    for letter in text:
        depth += {"{": 1, "}": -1}.get(letter, 0)
        if depth <= 0 and (letter.isspace() or letter == ","):
            found.append("")
        else:
            found[-1] += letter
    return [word for word in found if word]


def reload(directory: Path, routes: Sequence[Route]) -> None:
    """Confirm that Postfix reads what was written, and tell it so if it runs."""
    maps = _run(directory, "postconf", "-h", "transport_maps")
    services = _run(directory, "postconf", "-M")
    missing = [route for route in routes if f"{_name(route)} " not in f"{services} "]
    if missing or maps.startswith(_MAP) != bool(routes):
        raise RerouteError(
            f"Postfix does not read the change in {directory}: run `reputon reroute revert`,"
            f" then look at `postconf -c {directory} transport_maps`"
        )
    if _ask(directory, "postfix", "status").returncode == 0:
        _run(directory, "postfix", "reload")


def _run(directory: Path, program: str, *arguments: str) -> str:
    done = _ask(directory, program, *arguments)
    if done.returncode:
        raise RerouteError(f"`{program} {' '.join(arguments)}` failed: {done.stderr.strip()[-300:] or done.returncode}")
    return done.stdout


def _ask(directory: Path, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(  # noqa: S603 - Postfix's own programs, no shell
            [program, "-c", directory, *arguments],
            capture_output=True, check=False, timeout=_SECONDS, text=True, errors="replace",
        )  # fmt: skip
    except FileNotFoundError:
        raise RerouteError(f"there is no `{program}` here: run this where Postfix is installed") from None
    except subprocess.TimeoutExpired:
        raise RerouteError(f"`{program} {' '.join(arguments)}` gave no answer in {_SECONDS} s") from None


ADAPTER = Adapter(files=(FILTER, MASTER, MAP, MAIN), changed=changed, prepared=prepared, reload=reload)

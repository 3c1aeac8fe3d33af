"""A reply: an SMTP refusal as the receiver wrote it, peeled out of what others put around it."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache

import re2

from reputon.mail.charset import paired

LENGTH = 4096  # characters of a refusal; RFC 5321 allows 512 a line, and bounces repeat themselves

QUOTES = (
    "'\"`\N{LEFT SINGLE QUOTATION MARK}\N{RIGHT SINGLE QUOTATION MARK}\N{LEFT DOUBLE QUOTATION MARK}"
    "\N{RIGHT DOUBLE QUOTATION MARK}\N{LEFT-POINTING DOUBLE ANGLE QUOTATION MARK}"
    "\N{RIGHT-POINTING DOUBLE ANGLE QUOTATION MARK}"
)
# How Exchange introduces a receiver's words, in the languages that it speaks.
GAVE_THIS_ERROR = (
    r"(?:gave this error|hat diese[nr] fehler (?:aus|zurück)?ge(?:ge)?ben|a (?:g[ée]n[ée]r[ée]|renvoy[ée]) cette erreur"
    r"|devolvi[óo] este error|ha restituito questo errore|gaf deze fout|retornou este erro)"
)
_RETURNED = r"(?:returned|zurück(?:gegeben)?|renvoyé|devolvió|devuelto|restituito|retornou|geretourneerd)"

# The codes that begin a refusal: `554 5.7.1`, `550-5.7.26`, `#5.1.1`, `550 #5.7.1`.
_CODES = re.compile(
    r"""["'(\[#\s]{0,4}([45]\d\d)(?!\d|\.\d)[- #(\[:;,'"<]{0,4}(?:([245]\.\d{1,3}\.\d{1,3})(?![.\d]))?"""
)
_ENHANCED = re.compile(r"""["'(\[#\s]{0,4}([245]\.\d{1,3}\.\d{1,3})(?![.\d])""")
# Elsewhere in a text: not a part of an address, a time, a number, a link.
_SMTP_ANYWHERE = re.compile(r"(?<![\w./=-])(?<!\d:)([45][0-5]\d)(?![\w.:/=%]|-\d\d\b)(?=[- ,;:)'\"#\]]|$)")
_ENHANCED_ANYWHERE = re.compile(r"(?<![\w.-])(?<!\d:)([245]\.\d{1,3}\.\d{1,3})(?![.\w])")

_GAVE = re.compile(rf"(?i)\s{GAVE_THIS_ERROR}\s?:?\s?")
_SAID = re.compile(
    r"(?i)host\s(?!said\b)([\w.-]{1,253})\s?(?:\[[\da-f.:]{2,45}\])?(?::\d{1,5})?\s?"
    r"(?:said|refused to talk to me|\(\))?\s?:\s?"
)
# qmail's last words, after the receiver's: the server that it spoke with.
_GIVING_UP = re.compile(r"(?i)\s?\bgiving up on ([\w.:-]{2,253}?)\.?$")
_IN_REPLY = re.compile(r"(?i)\s?\(in reply to (?:the )?[\w :.-]{1,60}\)?.{0,40}$")
_ANNOUNCED = re.compile(
    r"(?i)(?:other server returned was|response (?:from the remote server )?was|remote host said|server said|"
    r"server (?:replied|responded)(?: with)?|smtp;|<<<|"
    r">>>.{0,200}?response:|error from remote (?:mail )?server.{0,120}?)"
    r"\s?:?\s?(?=[\"'#<]?[245]\d\d[- #])"
)
_WRAPPED = re.compile(rf"(?i){_RETURNED}\s?:?\s?[{QUOTES}<]\s?(?=[245])")
# Cisco's gateway: `5.1.0 - Unknown address error 550-'5.1.1 <someone@example.org>... User unknown'`.
_GATEWAY = re.compile(r"([45]\.\d{1,3}\.\d{1,3}) - ([\w -]{3,60}?) (?=[45]\d\d[- ]['\"])")
# Amazon's own word, and the receiver's last one: `554 4.4.7 Message expired: ... <421 4.4.2 Connection timed out>`.
_LAST = re.compile(r"(?P<own>.{8,400}?) ?<(?P<last>[45]\d\d[- ][^<>]{3,1000})>$")
# An arrow counts in front of a code, or after Exchange Online's own words; else it may be the receiver's.
_ARROW = re.compile(r"\s?(?:[-=]>|→)\s?(?=[\"'#<]?[245]\d\d[- ]|[\"'#]?[245]\.\d{1,3}\.\d{1,3} )")
_EXCHANGE_ONLINE = re.compile(r"(?i)[245]\d\d [245]\.\d{1,3}\.\d{1,3} (?:remote server returned|decision engine)")
_CONTINUED = re.compile(r"(?<=\s)([245]\d\d)[- ](?:[245]\.\d{1,3}\.\d{1,3} )?(?=\S)")

# How servers name the command that was refused, and the phase that each name means.
_PHASES = {
    "initial connection": "connect", "refused to talk to me": "connect", "connect": "connect",
    "ehlo": "ehlo", "helo": "ehlo", "lhlo": "ehlo", "my name was rejected": "ehlo",
    "starttls": "starttls", "auth": "auth",
    "mail": "mail", "mail from": "mail", "sender was rejected": "mail",
    "rcpt": "rcpt", "rcpt to": "rcpt", "rcpt_to": "rcpt", "mail_from": "mail", "does not like recipient": "rcpt",
    "data": "data", "end of data": "end-of-data", "end-of-data": "end-of-data", "message data": "end-of-data",
    "failed after i sent the message": "end-of-data",
}  # fmt: skip
_COMMAND = r"initial connection|ehlo|helo|lhlo|starttls|auth|mail from|mail|rcpt to|rcpt|end of data|data"
_PHASE = re2.compile(
    rf"(?i)(?P<a>refused to talk to me|my name was rejected|sender was rejected|does not like recipient"
    rf"|failed after i sent the message)"
    rf"|(?:in reply to (?:the )?|after (?:pipelined |sending )?|smtp command:?\s+|in response to |during )"
    rf"(?P<b>{_COMMAND})\b"
    rf"|[(\[](?P<c>mail from|mail_from|rcpt to|rcpt_to|data|end of data|ehlo|helo)[)\]]"
)
# Gmail numbers the states of its dialogue: `550 5.1.1 User unknown (state 14)`.
_STATE = re.compile(r"\(state (\d{1,2})\)")
_STATES = {6: "starttls", 8: "auth", **dict.fromkeys((9, 10, 11, 12), "mail"), **dict.fromkeys((13, 14), "rcpt"),
           **dict.fromkeys((15, 16, 17, 18), "end-of-data")}  # fmt: skip
# sendmail's transcript: the command that the first refusal answers.
_TRANSCRIPT = re.compile(rf"(?i)>>> (?P<command>{_COMMAND})\b(?:(?!>>>)[^\n]){{0,300}}?\s<<< [45]\d\d")


@dataclass(frozen=True, slots=True)
class Reply:
    """A refusal: the receiver's codes and words, the host that said them, and the provider's wrapping."""

    smtp: str | None = None
    enhanced: str | None = None
    text: str = ""
    rhost: str | None = None
    phase: str | None = None
    wrapper_smtp: str | None = None
    wrapper_enhanced: str | None = None
    wrapper_text: str | None = None


@lru_cache(maxsize=256)  # layouts look into a refusal before it is judged
def read(text: str) -> Reply:
    """The refusal in a text; without any code, a Reply with only the text."""
    text = " ".join(paired(text[: 2 * LENGTH]).split())[:LENGTH]
    reply = Reply(text=text, phase=phase_of(text))
    for peel in _PEELS:
        reply = peel(reply)
    words = whole(reply.text).strip()
    smtp, enhanced, _ = codes(words)
    if smtp is None and (found := _SMTP_ANYWHERE.search(words)):
        smtp = found.group(1)
    if enhanced is None and (found := _ENHANCED_ANYWHERE.search(words)):
        enhanced = found.group(1)
    if smtp and enhanced and smtp[0] != enhanced[0]:
        enhanced = None
    outer = (reply.wrapper_smtp, reply.wrapper_enhanced, reply.wrapper_text)
    return Reply(smtp, enhanced, words, reply.rhost, reply.phase, *outer)  # `replace` takes longer


def phase_of(text: str) -> str | None:
    """Where in the SMTP dialogue the text says that it was refused; None where it does not say."""
    found = (_TRANSCRIPT.search(text) if ">>>" in text else None) or _PHASE.search(text)
    if found is None and "(state " in text and (state := _STATE.search(text)):
        return _STATES.get(int(state.group(1)))
    return _PHASES[found.group(found.lastgroup or 0).lower()] if found else None


def codes(text: str) -> tuple[str | None, str | None, str]:
    """The reply code and the enhanced status code at the beginning of a refusal, and the words after them."""
    if found := _CODES.match(text):
        return found.group(1), found.group(2), text[found.end() :].strip(" '\"")
    if found := _ENHANCED.match(text):
        return None, found.group(1), text[found.end() :].strip(" '\"")
    return None, None, text


def whole(text: str) -> str:
    """A reply of several lines as one sentence: `550-5.7.1 very low 550 5.7.1 reputation` with its code once."""
    first = _CODES.match(text)
    if first is None:
        return text
    head, rest = text[: first.end()], text[first.end() :]
    return head + _CONTINUED.sub(lambda m: "" if m.group(1) == first.group(1) else m.group(), rest)


def _gave(reply: Reply) -> Reply:
    found = _GAVE.search(reply.text)
    if found is None:
        return reply
    host = reply.text[: found.start()].rpartition(" ")[2].lower()
    return replace(reply, text=reply.text[found.end() :], rhost=host if "." in host else None)


def _said(reply: Reply) -> Reply:
    found = _SAID.search(reply.text)
    if found is None:
        return reply
    after = _IN_REPLY.sub("", reply.text[found.end() :])
    smtp, enhanced, _ = codes(after)
    return replace(reply, text=after, rhost=found.group(1).lower()) if smtp or enhanced else reply


def _giving_up(reply: Reply) -> Reply:
    found = _GIVING_UP.search(reply.text, max(0, len(reply.text) - 300))
    if found is None or (codes(reply.text)[0] is None and not _SMTP_ANYWHERE.search(reply.text)):
        return reply  # without a refusal before them, these words are all there is
    return replace(reply, text=reply.text[: found.start()], rhost=reply.rhost or found.group(1).lower())


def _announced(reply: Reply) -> Reply:
    found = _ANNOUNCED.search(reply.text) if _may(_ANNOUNCING, reply.text) else None
    return replace(reply, text=reply.text[found.end() :].partition("> #SMTP#")[0]) if found else reply


def _wrapped(reply: Reply) -> Reply:
    found = _WRAPPED.search(reply.text) if _may(_RETURNING, reply.text) else None
    if found is None:
        return reply
    text = reply.text[found.end() :]
    end = max(text.rfind(mark) for mark in QUOTES + ">")
    return replace(reply, text=text[:end] if end > len(text) - 3 else text)


def _gateway(reply: Reply) -> Reply:
    found = _GATEWAY.match(reply.text)
    if found is None:
        return reply
    inner = reply.text[found.end() :]
    return replace(reply, text=inner, wrapper_enhanced=found.group(1), wrapper_text=found.group(2))


def _last(reply: Reply) -> Reply:
    found = _LAST.match(reply.text) if reply.text.endswith(">") else None
    if found is None:
        return reply
    smtp, enhanced, words = codes(found.group("own"))
    return replace(reply, text=found.group("last"), wrapper_smtp=smtp, wrapper_enhanced=enhanced, wrapper_text=words)


def _arrow(reply: Reply) -> Reply:
    if ">" not in reply.text and "→" not in reply.text:
        return reply
    arrows = list(_ARROW.finditer(reply.text))
    outer, inner = "", reply.text
    if arrows:
        outer, inner = reply.text[: arrows[0].start()], reply.text[arrows[-1].end() :]
    elif _EXCHANGE_ONLINE.match(reply.text) and " -> " in reply.text:
        outer, _, inner = reply.text.rpartition(" -> ")
    if not outer or not inner:
        return replace(reply, text=inner) if inner and inner != reply.text else reply
    smtp, enhanced, words = codes(outer.strip())
    return replace(reply, text=inner.strip(), wrapper_smtp=smtp, wrapper_enhanced=enhanced, wrapper_text=words or None)


# What stands in every text that the two patterns fit; the closer look costs ten times as much.
_ANNOUNCING = ("return", "response", "remote", "server", "smtp;", "<<<", ">>>")
_RETURNING = ("return", "zurück", "renvoyé", "devol", "devuelto", "restitui", "retorn", "geretour")


def _may(marks: tuple[str, ...], text: str) -> bool:
    return any(map(text.lower().__contains__, marks))


# From the outside to the inside: each takes away one kind of wrapping, or nothing.
_PEELS: tuple[Callable[[Reply], Reply], ...] = (_gave, _said, _giving_up, _announced, _wrapped, _gateway, _last, _arrow)

"""A reply: an SMTP refusal as the receiver wrote it, peeled out of what others put around it."""

import re
from dataclasses import dataclass, replace

LENGTH = 4096  # characters of a refusal; RFC 5321 allows 512 a line, and bounces repeat themselves

# The codes that begin a refusal: `554 5.7.1`, `550-5.7.26`, `#5.1.1`, `550 #5.7.1`.
_CODES = re.compile(
    r"""["'(\[#\s]{0,4}([45]\d\d)(?!\d|\.\d)[- #(\[:;,'"<]{0,4}(?:([245]\.\d{1,3}\.\d{1,3})(?![.\d]))?"""
)
_ENHANCED_ONLY = re.compile(r"""["'(\[#\s]{0,4}([245]\.\d{1,3}\.\d{1,3})(?![.\d])""")
_SMTP_ANYWHERE = re.compile(r"(?<![\w./=-])(?<!\d:)([45][0-5]\d)(?![\w.:/=%]|-\d\d\b)(?=[- ,;:)'\"#\]]|$)")
_ENHANCED_ANYWHERE = re.compile(r"(?<![\w.-])(?<!\d:)([245]\.\d{1,3}\.\d{1,3})(?![.\d\w])")

# An arrow in front of a code, as Exchange Online writes it; an arrow alone may be the receiver's.
_ARROW = re.compile(r"\s?[-=]>\s?(?=[\"'#<]?[245]\d\d[- ]|[\"'#]?[245]\.\d{1,3}\.\d{1,3} )")
_WRAPPED = re.compile(r"(?i)remote server returned\s?:?\s?['\"‘’“”`<]")
_ERROR_OF = re.compile(r"([A-Za-z0-9][\w.-]{1,250}\.[\w-]{2,63})\s(?:gave this error|hat diese[nr] Fehler (?:aus)?gegeben|"
                       r"a (?:g[ée]n[ée]r[ée]|renvoy[ée]) cette erreur|devolvi[óo] este error|ha restituito questo errore|"
                       r"gaf deze fout|retornou este erro)\s?:?\s?", re.IGNORECASE)  # fmt: skip
# Cisco's gateway: `5.1.0 - Unknown address error 550-'5.1.1 <someone@example.org>... User unknown'`.
_GATEWAY = re.compile(r"([45]\.\d{1,3}\.\d{1,3}) - ([\w -]{3,60}?) (?=[45]\d\d[- ]['\"])")
_SAID = re.compile(
    r"(?i)host\s([\w.-]{1,253})\s?(?:\[([\da-f.:]{2,45})\])?(?::\d{1,5})?\s?(?:said|refused to talk to me|\(\))?\s?:\s?"
)
_IN_REPLY = re.compile(r"(?i)\s?\(in reply to (?:the )?[\w :.-]{1,60}\)?.{0,40}$")
_ANNOUNCED = re.compile(
    r"(?i)(?:other server returned was|response (?:from the remote server )?was|remote host said|server said|"
    r"server (?:replied|responded)(?: with)?|smtp; ?<<<|<<<|>>>.{0,200}?response:|error from remote (?:mail )?server.{0,120}?)"
    r"\s?:?\s?(?=[\"'#<]?[245]\d\d[- #])"
)
_CONTINUED = re.compile(r"(?<=\s)([245]\d\d)[- ](?:[245]\.\d{1,3}\.\d{1,3} )?(?=\S)")


@dataclass(frozen=True, slots=True)
class Reply:
    """A refusal: the receiver's codes and words, the host that said them, and the provider's wrapping."""

    smtp: str | None = None
    enhanced: str | None = None
    text: str = ""
    rhost: str | None = None
    wrapper_smtp: str | None = None
    wrapper_enhanced: str | None = None
    wrapper_text: str | None = None


def read(text: str) -> Reply:
    """The refusal in a text; without any code, a Reply with only the text."""
    text = " ".join(text[: 2 * LENGTH].split())[:LENGTH]
    text, rhost = _host(text)
    reply = Reply(text=text, rhost=rhost)
    if opened := _WRAPPED.search(text):
        text = _unquoted(text[opened.end() :])
        reply = replace(reply, text=text)
    if gateway := _GATEWAY.match(text):
        text = text[gateway.end() :]
        reply = replace(reply, text=text, wrapper_enhanced=gateway.group(1), wrapper_text=gateway.group(2))
    arrows = list(_ARROW.finditer(text))
    if arrows:
        outer, text = text[: arrows[0].start()].strip(), text[arrows[-1].end() :].strip()
        smtp, enhanced, words = codes(outer)
        reply = replace(reply, text=text, wrapper_smtp=smtp, wrapper_enhanced=enhanced, wrapper_text=words or None)
    return _own(reply)


def codes(text: str) -> tuple[str | None, str | None, str]:
    """The reply code and the enhanced status code at the beginning of a refusal, and the words after them."""
    if found := _CODES.match(text):
        return found.group(1), found.group(2), text[found.end() :].strip(" '\"")
    if found := _ENHANCED_ONLY.match(text):
        return None, found.group(1), text[found.end() :].strip(" '\"")
    return None, None, text


def whole(text: str) -> str:
    """A reply of several lines as one sentence: `550-5.7.1 very low 550 5.7.1 reputation` without the repeated codes."""
    first = _CODES.match(text)
    if first is None:
        return text
    head, rest = text[: first.end()], text[first.end() :]
    return head + _CONTINUED.sub(lambda m: "" if m.group(1) == first.group(1) else m.group(), rest)


def _host(text: str) -> tuple[str, str | None]:
    """The text after the words that name the host which said it."""
    if found := _ERROR_OF.search(text):
        return text[found.end() :], found.group(1).lower()
    if found := _SAID.search(text):
        after = _IN_REPLY.sub("", text[found.end() :])
        if codes(after)[0] or codes(after)[1]:
            return after, found.group(1).lower()
    if found := _ANNOUNCED.search(text):
        return text[found.end() :], None
    return text, None


def _unquoted(text: str) -> str:
    """What stands between the quotation marks that were just opened; the words may hold apostrophes."""
    end = max(text.rfind(mark) for mark in ("'", "’", '"', "”", "`", ">"))
    return text[:end] if end > len(text) - 3 else text


def _own(reply: Reply) -> Reply:
    text = whole(reply.text)
    smtp, enhanced, _ = codes(text)
    if smtp is None and (found := _SMTP_ANYWHERE.search(text)):
        smtp = found.group(1)
    if enhanced is None and (found := _ENHANCED_ANYWHERE.search(text)):
        enhanced = found.group(1)
    if smtp and enhanced and smtp[0] != enhanced[0]:
        enhanced = None
    return replace(reply, text=text.strip(), smtp=smtp, enhanced=enhanced)

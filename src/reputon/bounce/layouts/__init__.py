"""Layouts: the forms that bounces come in, one file each; the first that finds a refusal is believed."""

from collections.abc import Callable

from reputon.bounce.layouts import exchange, free, postfix, rfc3464, sendmail, ses
from reputon.bounce.notice import Notice
from reputon.bounce.refusal import Refusal

Layout = Callable[[Notice], list[Refusal]]

LAYOUTS: dict[str, Layout] = {
    "rfc3464": rfc3464.read,
    "ses": ses.read,
    "exchange": exchange.read,
    "postfix": postfix.read,
    "sendmail": sendmail.read,
    "free": free.read,
}

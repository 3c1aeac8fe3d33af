"""Submission: how a mail of ours begins at a mail server of our own: TLS where it is offered, then the login."""

import smtplib
import ssl


def is_loopback(host: str) -> bool:
    """Whether a host is this machine by its own name, so that nobody can listen in between."""
    return host in ("localhost", "::1") or (host.startswith("127.") and host.replace(".", "").isdecimal())


def greet(smtp: smtplib.SMTP, host: str, user: str, password: str) -> None:
    """Greet and log in, on a session that is connected to `host`; a password leaves this machine by TLS only.

    SMTPNotSupportedError where that is not to be had; else what smtplib and ssl raise.  Without a `user` no login.
    """
    smtp.ehlo_or_helo_if_needed()
    is_private = is_loopback(host)
    if smtp.has_extn("starttls"):
        context = ssl.create_default_context()
        if is_private:  # nobody lies between, and its certificate is seldom of its name
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        smtp.starttls(context=context)
        smtp.ehlo()
        is_private = True
    if user and not is_private:
        raise smtplib.SMTPNotSupportedError("the server offers no TLS: the password stays here")
    if user:
        smtp.login(user, password)

"""What a mail server in a namespace says to a client that has one of the namespace's addresses."""

import smtplib
import socket
from contextlib import closing
from typing import Any

from tests.servers.namespace import WAIT, Namespace, family


def to_recipient(place: Namespace, port: int, client: str, sender: str, recipient: str) -> tuple[int, str]:
    """The code and words, in a line, with which it answers to RCPT."""
    # No QUIT: Exim lingers for a while after one.
    with closing(_Dialogue(place, port, client)) as dialogue:
        dialogue.ehlo("client.test")
        dialogue.mail(sender)
        code, words = dialogue.rcpt(recipient)
        return code, words.decode().replace("\n", " ")


class _Dialogue(smtplib.SMTP):
    def __init__(self, place: Namespace, port: int, client: str) -> None:
        self._place, self._client = place, client
        super().__init__(family(client)[1], port, local_hostname="client.test", timeout=WAIT)

    def _get_socket(self, host: Any, port: Any, timeout: Any) -> socket.socket:
        return self._place.connect(port, self._client)

"""A DNS server on a loopback port, over UDP, that answers as a function of name and type says."""

import socket
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

Said = list[str] | str | None  # records, the name of an rcode, or silence


class Dns:
    """The server; `questions` are those that it was asked, as `(name, type)`."""

    def __init__(self, answer: Callable[[str, str], Said]) -> None:
        self._answer = answer
        self.questions: list[tuple[str, str]] = []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.settimeout(0.05)
        self.port: int = self._socket.getsockname()[1]
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        while not self._stop.is_set():
            try:
                data, sender = self._socket.recvfrom(4096)
            except TimeoutError:
                continue
            query = dns.message.from_wire(data)
            asked = query.question[0]
            name, rdtype = asked.name.to_text(omit_final_dot=True), dns.rdatatype.to_text(asked.rdtype)
            self.questions.append((name, rdtype))
            said = self._answer(name, rdtype)
            if said is not None:
                self._socket.sendto(_response(query, said).to_wire(), sender)


def _response(query: dns.message.Message, said: list[str] | str) -> dns.message.Message:
    response = dns.message.make_response(query)
    if isinstance(said, str):
        response.set_rcode(dns.rcode.from_text(said))
    elif said:
        asked = query.question[0]
        response.answer.append(dns.rrset.from_text(asked.name, 60, "IN", asked.rdtype, *said))
    return response

"""A primary at a port of its own: what is rare goes to `Primary`, everything else to the kernel."""

import socket
import threading
from contextlib import contextmanager, suppress

from reputon.zone.answer import answer
from reputon.zone.layout import Arrays
from reputon.zone.primary import Primary
from reputon.zone.question import RARE, WORK
from reputon.zone.reply import TransferError
from reputon.zone.writing import ROOM, SIZE


class Serving:
    """`table` may be changed by `publish`; `sent` counts the bytes that went over TCP."""

    def __init__(self, table, settings, folder=None):
        self.table = table
        self.primary = Primary(lambda: self.table, settings, folder)
        self.primary.published(None, table)
        self.sent = 0
        self.asked = []
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._tcp.bind(("127.0.0.1", 0))
        self.port = self._tcp.getsockname()[1]
        self._udp.bind(("127.0.0.1", self.port))
        self._tcp.listen(16)
        self._threads = [threading.Thread(target=each, daemon=True) for each in (self._datagrams, self._streams)]
        for each in self._threads:
            each.start()

    def publish(self, table):
        old, self.table = self.table, table
        self.primary.published(old, table)

    def close(self):
        self.primary.close()
        for each in (self._udp, self._tcp):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        for thread in self._threads:
            thread.join(10)

    def _answers(self, query, client, over_tcp):
        buf = bytearray(query) + bytes(SIZE + ROOM)
        arrays = Arrays(*(memoryview(each) for each in self.table.arrays))
        size = answer(buf, 0, len(query), arrays, [0] * len(arrays.zones), 0, SIZE, [0] * WORK)
        if size != RARE:
            return [bytes(buf[:size])]
        self.asked.append((int.from_bytes(query[-4:-2], "big"), over_tcp))
        return self.primary.serve(query, client, over_tcp) or []

    def _datagrams(self):
        with suppress(OSError):
            while True:
                query, address = self._udp.recvfrom(4096)
                if not query:  # shut down
                    return
                for each in self._answers(query, address[0], False):
                    self._udp.sendto(each, address)

    def _streams(self):
        with suppress(OSError):
            while True:
                stream, address = self._tcp.accept()
                threading.Thread(target=self._stream, args=(stream, address[0]), daemon=True).start()

    def _stream(self, stream, client):
        with stream, stream.makefile("rb") as reader, suppress(OSError, TransferError):
            stream.settimeout(self.primary.settings.message_seconds)
            while len(size := reader.read(2)) == 2:
                for each in self._answers(reader.read(int.from_bytes(size, "big")), client, True):
                    stream.sendall(len(each).to_bytes(2, "big") + each)
                    self.sent += 2 + len(each)


@contextmanager
def serving(table, settings, folder=None):
    made = Serving(table, settings, folder)
    try:
        yield made
    finally:
        made.close()

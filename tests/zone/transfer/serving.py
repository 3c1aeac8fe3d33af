"""A server with a primary behind it, at a loopback port, and how much it sent to secondaries."""

import threading
from contextlib import contextmanager
from dataclasses import replace

from reputon.zone.server.server import Options, Server
from reputon.zone.transfer.primary import Primary
from reputon.zone.transfer.settings import Secondary


class Serving:
    """`publish` gives the server another table; `sent` counts the bytes of the primary's answers."""

    def __init__(self, table, settings, folder=None, port=0):
        self.primary = Primary(lambda: self.server.table, settings, folder)
        self.server = Server(table, [("127.0.0.1", port)], Options(is_fast=False, transfers=self))
        self.sent = 0
        self.asked, self.kept = threading.Event(), threading.Event()

    @property
    def port(self):
        return self.server.addresses[0][1]

    def serve(self, message, client, over_tcp):
        told = self.primary.serve(message, client, over_tcp)
        if told is None:
            return None
        self.asked.set()
        return self._counted(told)

    def tell(self, port, key):
        """Tell a secondary at this port of changes from now on."""
        zones = {"*": replace(self.primary.settings.of("*"), notify=(Secondary("127.0.0.1", port, key),))}
        self.primary.settings = replace(self.primary.settings, zones=zones)

    def wait_asked(self):
        assert self.asked.wait(30), "no secondary asked"

    def close(self):
        self.primary.close()

    def publish(self, table):
        """Have the server take a table, and wait until its differences are kept."""
        self.kept.clear()
        self.server.swap(table)
        assert self.kept.wait(60)

    def published(self, old, new):
        self.primary.published(old, new)
        self.kept.set()

    def _counted(self, told):
        for each in told:
            self.sent += len(each)
            yield each


@contextmanager
def serving(table, settings, folder=None, port=0):
    made = Serving(table, settings, folder, port)
    with made.server:
        assert made.kept.wait(60)
        yield made

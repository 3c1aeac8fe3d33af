"""A server with a primary behind it, at a loopback port, and how much it sent to secondaries."""

from contextlib import contextmanager

from reputon.zone.primary import Primary
from reputon.zone.server import Options, Server


class Serving:
    """`publish` gives the server another table; `sent` counts the bytes of the primary's answers."""

    def __init__(self, table, settings, folder=None):
        self.primary = Primary(lambda: self.server.table, settings, folder)
        self.server = Server(table, [("127.0.0.1", 0)], Options(is_fast=False, transfers=self))
        self.sent = 0

    @property
    def port(self):
        return self.server.addresses[0][1]

    def serve(self, message, client, over_tcp):
        told = self.primary.serve(message, client, over_tcp)
        return None if told is None else self._counted(told)

    def publish(self, table):
        old = self.server.table
        self.server.swap(table)
        self.primary.published(old, table)

    def _counted(self, told):
        for each in told:
            self.sent += len(each)
            yield each


@contextmanager
def serving(table, settings, folder=None):
    made = Serving(table, settings, folder)
    with made.server:
        made.primary.published(None, table)
        try:
            yield made
        finally:
            made.primary.close()

"""Exposition: metrics over HTTP, as Prometheus reads them."""

from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.registry import Collector


@contextmanager
def served(collector: Collector, host: str, port: int) -> Iterator[int]:
    """What is collected at http://HOST:PORT/metrics until the block ends; yields the port.  OSError."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(collector)
    try:
        server, thread = start_http_server(port, host, registry)
    except OSError as error:
        raise OSError(f"cannot listen at {host}:{port}: {error.strerror}") from None
    try:
        yield int(server.server_port)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

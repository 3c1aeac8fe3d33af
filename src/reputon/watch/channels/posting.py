"""Posting: JSON to an address over HTTPS (or loopback HTTP), once, without following anybody anywhere else."""

import http.client
import json
import socket
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import urlsplit

from reputon import deadline
from reputon.submission import is_loopback
from reputon.watch.channels.channel import TIMEOUT, Channel, ChannelError, NotDelivered, Unclear

_UNCLEAR = (502, 504)  # a proxy has lost the server, which may have taken it


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """Nowhere: whoever redirects would learn what we send."""


def check(channel: Channel) -> None:
    """ChannelError where the address is none that we post to."""
    channel.wants("url", channel.url, "the address to post to")
    try:
        parts = urlsplit(channel.url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        host, parts = "", urlsplit("")
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))
    printable = channel.url.isascii() and channel.url.isprintable() and " " not in channel.url
    if not host or not is_safe or not printable:
        raise ChannelError(f"watch.alerts.{channel.name}: `url`: https:// is needed (http:// only to this machine)")


def post(channel: Channel, body: dict[str, object]) -> str:
    """Post it; what the server said.  NotDelivered where it surely did not take it, Unclear where nobody knows.

    No message names the address, which is a secret in most services.
    """
    check(channel)
    headers = {"Content-Type": "application/json", "User-Agent": "reputon-watch"}
    request = urllib.request.Request(channel.url, json.dumps(body).encode(), headers)  # noqa: S310 - checked above
    try:
        connections = _Connections()
        with (
            deadline.ended_by(deadline.WHOLE, connections.socket),
            _opener(channel, connections).open(request, timeout=TIMEOUT) as answer,
        ):
            return f"HTTP {answer.status}"  # the body says nothing more, and may never end
    except urllib.error.HTTPError as error:
        error.close()
        said = f"the server answered {error.code}"
        raise (Unclear(said) if error.code in _UNCLEAR else NotDelivered(said)) from None
    except urllib.error.URLError as error:
        # urllib wraps what happens before an answer is waited for: the request did not leave whole.
        raise NotDelivered(f"cannot be reached: {_plain(error.reason)}") from None
    except (OSError, http.client.HTTPException) as error:
        raise Unclear(f"no answer after it was sent: {_plain(error)}") from None


class _Connections(urllib.request.HTTPSHandler, urllib.request.HTTPHandler):
    """Opens connections as urllib does, and knows the latest."""

    _latest: http.client.HTTPConnection | None = None

    def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(self._plain, req)

    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(self._secure, req)

    def socket(self) -> socket.socket | None:
        """The socket of the latest connection."""
        return self._latest.sock if self._latest else None

    def _plain(self, host: str, /, **more: Any) -> http.client.HTTPConnection:
        self._latest = http.client.HTTPConnection(host, **more)
        return self._latest

    def _secure(self, host: str, /, **more: Any) -> http.client.HTTPConnection:
        self._latest = http.client.HTTPSConnection(host, **more)
        return self._latest


def _opener(channel: Channel, connections: _Connections) -> urllib.request.OpenerDirector:
    host = urlsplit(channel.url).hostname or ""
    proxies = [urllib.request.ProxyHandler({})] if is_loopback(host) else []
    return urllib.request.build_opener(_NoRedirect, connections, *proxies)


def _plain(error: object) -> str:
    """What went wrong, by the system's words or its kind: other words could repeat the address."""
    return (error.strerror if isinstance(error, OSError) else None) or type(error).__name__

"""RDAP: the abuse contact from a registry's answer, within bounds, and never from a server that misbehaves."""

import json
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reputon.listing import rdap
from reputon.subject import parse


class Registry:
    """`said`: path -> (status, headers, body); everything else is 404."""

    def __init__(self):
        self.said: dict[str, tuple[int, dict[str, str], Any]] = {}
        self.asked: list[str] = []
        registry = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                registry.asked.append(self.path)
                status, headers, body = registry.said.get(self.path, (404, {}, b"{}"))
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                for part in [body] if isinstance(body, bytes) else body:
                    try:
                        self.wfile.write(part)
                    except OSError:
                        return

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})

    def says(self, path, value, status=200, **headers):
        body = value if isinstance(value, bytes) else json.dumps(value).encode()
        self.said[path] = (status, headers, body)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def registry():
    with Registry() as made:
        services = [[["9.0.0.0/8"], [f"{made.url}wide/"]], [["9.9.0.0/16", "8.0.0.0/8"], [f"{made.url}rdap"]]]
        made.says("/ipv4.json", {"version": "1.0", "services": services})
        made.says("/ipv6.json", {"version": "1.0", "services": [[["2a00::/12"], [f"{made.url}rdap/"]]]})
        yield made


def entity(roles, *emails, entities=()):
    card = ["vcard", [["version", {}, "text", "4.0"], ["fn", {}, "text", "Somebody"],
                      *(["email", {"type": "work"}, "text", each] for each in emails)]]  # fmt: skip
    return {"objectClassName": "entity", "roles": roles, "vcardArray": card, "entities": list(entities)}


def contacts(registry, address="9.9.9.9"):
    return rdap.abuse_contacts(parse(address), registry.url)


def test_the_abuse_contact_of_an_address(registry):
    owner = entity(["registrant"], "boss@example.org", entities=[entity(["abuse"], "abuse@example.org")])
    registry.says("/rdap/ip/9.9.9.9", {"objectClassName": "ip network", "entities": [owner]})
    assert contacts(registry) == ("abuse@example.org",)
    assert registry.asked == ["/ipv4.json", "/rdap/ip/9.9.9.9"]  # the longest prefix, not /8's server


def test_of_an_ipv6_64(registry):
    registry.says("/rdap/ip/2a01:1:2:3::", {"entities": [entity(["noc", "abuse"], "abuse@six.example")]})
    assert contacts(registry, "2a01:1:2:3::4") == ("abuse@six.example",)


def test_the_nearest_first_each_once_and_three_at_most(registry):
    deep = entity(["technical"], entities=[entity(["abuse"], "deep@a.example", "near@a.example")])
    near = entity(["abuse"], "near@a.example", "mailto:second@a.example")
    registry.says("/rdap/ip/9.9.9.9", {"entities": [deep, near, entity(["abuse"], "c@a.example", "d@a.example")]})
    assert contacts(registry) == ("near@a.example", "second@a.example", "c@a.example")


def test_redirects_are_followed_but_not_for_ever(registry):
    registry.says("/rdap/ip/9.9.9.9", {}, 302, Location="/elsewhere")
    registry.says("/elsewhere", {"entities": [entity(["abuse"], "abuse@b.example")]})
    assert contacts(registry) == ("abuse@b.example",)
    registry.says("/elsewhere", {}, 301, Location="/elsewhere")
    with pytest.raises(rdap.RdapError, match="more than 5 redirects"):
        contacts(registry)


@pytest.mark.parametrize("target", ["http://example.org/x", "ftp://127.0.0.1/x", "file:///etc/passwd", "http://[::"])
def test_redirects_lead_to_no_other_kind_of_place(registry, target):
    registry.says("/rdap/ip/9.9.9.9", {}, 302, Location=target)
    with pytest.raises(rdap.RdapError):
        contacts(registry)
    assert len(registry.asked) == 2


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        ({}, 404, "answered 404"),
        ({}, 429, "answered 429"),
        (b"no json", 200, "no JSON"),
        (b"[" * 200_000, 200, "no JSON"),
        (b" " * (rdap.SIZE + 1), 200, "more than 2 MiB"),
        ({"entities": [entity(["registrant"], "boss@example.org")]}, 200, "names no abuse contact"),
        ({"entities": [entity(["abuse"], "not an address", "a@b@c d", "x@y\r\nBcc: z@w")]}, 200, "no abuse contact"),
    ],
)
def test_what_gives_no_contact_says_why(registry, body, status, says):
    registry.says("/rdap/ip/9.9.9.9", body, status)
    with pytest.raises(rdap.RdapError, match=says):
        contacts(registry)


def test_an_address_that_no_registry_has(registry):
    with pytest.raises(rdap.RdapError, match="names no RDAP server"):
        contacts(registry, "100.1.2.3")


def test_a_server_that_never_ends_is_left(registry, monkeypatch):
    monkeypatch.setattr(rdap, "WHOLE", 0.3)
    stop = threading.Event()

    def drips():
        while not stop.wait(0.05):
            yield b" "

    registry.said["/rdap/ip/9.9.9.9"] = (200, {}, drips())
    with pytest.raises(rdap.RdapError):
        contacts(registry)
    stop.set()


@pytest.mark.parametrize("url", ["http://rdap.example.org/", "ftp://127.0.0.1/", "nonsense", "https://"])
def test_the_bootstrap_is_https(url):
    with pytest.raises(rdap.RdapError):
        rdap.abuse_contacts(parse("9.9.9.9"), url)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.just("abuse"),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(
        st.sampled_from(["entities", "roles", "vcardArray", "services", "x"]), inner, max_size=4),
    max_leaves=30,
)  # fmt: skip


@given(JSON)
def test_no_answer_breaks_the_reader(value):
    for each in (value, {"entities": value}, {"entities": [{"roles": ["abuse"], "vcardArray": value}]}):
        assert all(rdap.is_address(found) for found in rdap._emails(each))
    with suppress(rdap.RdapError):
        rdap._service({"services": value}, "9.9.9.9")

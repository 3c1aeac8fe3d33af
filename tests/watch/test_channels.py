"""Channels against real servers on loopback: what arrives, what surely did not, and what nobody can tell."""

import itertools
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import threading
import time
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from tests.servers.postfix import free_port
from tests.servers.receiver import Receiver

from reputon import submission
from reputon.watch import delivery
from reputon.watch.channels import CHANNELS, Channel, ChannelError, NotDelivered, Unclear, chat, syslog
from reputon.watch.notice import Notice
from reputon.watch.transitions import Kind

AT = datetime(2026, 11, 25, 10, 11, 12, tzinfo=UTC)
SECRET = "s3cr3t-token"
NOTICE = Notice(
    7, Kind.LISTED, "192.0.2.7", "A <List>", AT, AT, ("127.0.0.2",), "spam & more", "see [here](https://evil.test)\nnow",
    "https://list.test/remove", "the owner", "mx1",
)  # fmt: skip


class Web(BaseHTTPRequestHandler):
    """Answers as the path says; keeps what was posted."""

    posted: list[dict[str, object]]

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        what = self.path.split("/")[1]
        if what == "hang-up":
            return
        if what == "redirect":
            self.send_response(307)
            self.send_header("Location", "/200/again")
            self.end_headers()
            return
        if what in ("drip", "drip-body"):
            with suppress(OSError):
                self.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n" if what == "drip-body" else b"HTTP/1.1 ")
                for _ in itertools.count():
                    self.wfile.write(b"x")
                    time.sleep(0.05)
            return
        self.posted.append(json.loads(body))
        self.send_response(int(what))
        self.end_headers()
        self.wfile.write(b"x" * 100_000)

    def log_message(self, *_):
        pass


@contextmanager
def web():
    posted: list[dict[str, object]] = []
    with HTTPServer(("127.0.0.1", 0), type("Handler", (Web,), {"posted": posted})) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", posted
        finally:
            server.shutdown()
            thread.join()


def test_a_server_that_drips_does_not_hold_the_watch(monkeypatch):
    monkeypatch.setattr("reputon.deadline.WHOLE", 0.3)
    with web() as (url, _), pytest.raises(Unclear):
        CHANNELS["webhook"](NOTICE, Channel("ops", "webhook", url=f"{url}/drip/{SECRET}"))


def test_a_body_without_an_end_is_not_waited_for():
    with web() as (url, _):
        assert CHANNELS["webhook"](NOTICE, Channel("ops", "webhook", url=f"{url}/drip-body/{SECRET}")) == "HTTP 200"


def test_a_mail_server_that_drips_does_not_hold_the_watch(monkeypatch):
    monkeypatch.setattr("reputon.deadline.WHOLE", 0.3)

    def drip(listener):
        taken, _ = listener.accept()
        with taken, suppress(OSError):
            for _ in itertools.count():
                taken.sendall(b"220-wait\r\n")
                time.sleep(0.05)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=drip, args=(listener,))
        thread.start()
        to = Channel("ops", "email", "w@example.org", ("a@example.org",), f"127.0.0.1:{listener.getsockname()[1]}")
        with pytest.raises(NotDelivered):
            CHANNELS["email"](NOTICE, to)
        thread.join()


@pytest.mark.parametrize("kind", ["webhook", "slack", "teams"])
def test_a_post_arrives(kind):
    with web() as (url, posted):
        said = CHANNELS[kind](NOTICE, Channel("ops", kind, url=f"{url}/200/{SECRET}"))
    (body,) = posted
    assert said == "HTTP 200"
    expected = {"webhook": NOTICE.fields, "slack": chat.slack(NOTICE), "teams": chat.teams(NOTICE)}
    assert body == expected[kind]
    assert "192.0.2.7 is listed by A" in json.dumps(body)


@pytest.mark.parametrize(
    ("path", "outcome"),
    [
        *((path, NotDelivered) for path in ("404", "429", "500", "503", "redirect")),
        *((path, Unclear) for path in ("502", "504", "hang-up")),
    ],
)
def test_a_post_that_fails(path, outcome):
    with web() as (url, posted), pytest.raises(outcome) as raised:
        CHANNELS["webhook"](NOTICE, Channel("ops", "webhook", url=f"{url}/{path}/{SECRET}"))
    assert SECRET not in str(raised.value)
    assert len(posted) == (path.isdigit())  # nothing follows a redirect


def test_a_server_that_is_not_there_surely_got_nothing():
    with pytest.raises(NotDelivered) as raised:
        CHANNELS["slack"](NOTICE, Channel("ops", "slack", url=f"http://127.0.0.1:{free_port()}/{SECRET}"))
    assert SECRET not in str(raised.value)


def test_what_chats_make_of_other_peoples_words_is_escaped():
    assert "&lt;List&gt;" in json.dumps(chat.slack(NOTICE))
    assert "<List>" not in json.dumps(chat.slack(NOTICE))
    assert "](" not in json.dumps(chat.teams(NOTICE))
    card = chat.teams(NOTICE)["attachments"][0]["content"]  # type: ignore[index]
    assert (card["type"], card["version"]) == ("AdaptiveCard", "1.4")


def email(port, **more):
    fields = {"sender": "watch@example.org", "to": ("ops@example.org", "boss@example.org")} | more
    return Channel("ops", "email", server=f"127.0.0.1:{port}", **fields)


def test_a_mail_arrives_for_everybody():
    with Receiver() as server:
        CHANNELS["email"](NOTICE, email(server.port))
    assert [name for name, _ in server.taken] == ["ops@example.org", "boss@example.org"]
    made = message_from_bytes(server.taken[0][1], policy=policy.default)
    assert made["Subject"] == "192.0.2.7 is listed by A <List>"
    assert (made["From"], made["Auto-Submitted"]) == ("watch@example.org", "auto-generated")
    assert re.fullmatch(r"<watch\.7\.\d+@example\.org>", made["Message-ID"])
    body = made.get_content()
    assert "Removal: https://list.test/remove\n" in body.replace("\r", "")
    assert "Codes: 127.0.0.2" in body


@pytest.mark.parametrize("answer", ["450 4.2.1 later", "550 5.1.1 no"])
@pytest.mark.parametrize("at", ["RCPT", "DATA"])
def test_a_mail_that_is_refused_surely_did_not_arrive(answer, at):
    with Receiver(lambda _: answer, at) as server, pytest.raises(NotDelivered) as raised:
        CHANNELS["email"](NOTICE, email(server.port))
    assert answer.split()[0] in str(raised.value)
    assert server.taken == []


def test_one_refused_recipient_does_not_keep_it_from_the_others():
    with Receiver(lambda name: "550 no" if name.startswith("boss") else None) as server:
        said = CHANNELS["email"](NOTICE, email(server.port))
    assert [name for name, _ in server.taken] == ["ops@example.org"]
    assert "not to boss@example.org" in said


@contextmanager
def scripted(*lines):
    """An SMTP server that says these lines, one after each thing it hears, and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve():
            peer, _ = listening.accept()
            with peer, peer.makefile("rb") as heard:
                for line in lines:
                    peer.sendall(line.encode() + b"\r\n")
                    if line.startswith("354"):
                        while heard.readline() not in (b".\r\n", b""):
                            pass
                    elif not line.startswith("250-"):
                        heard.readline()

        thread = threading.Thread(target=serve)
        thread.start()
        yield listening.getsockname()[1]
        thread.join()


HELLO = ("220 here", "250 hello")


@pytest.mark.parametrize(
    ("lines", "outcome"),
    [
        (("421 busy",), NotDelivered),
        (("220 here",), NotDelivered),
        ((*HELLO, "550 not you"), NotDelivered),
        ((*HELLO, "250 ok", "250 ok", "250 ok"), Unclear),  # hangs up at DATA: nobody can tell
        ((*HELLO, "250 ok", "250 ok", "250 ok", "354 go on"), Unclear),
        ((*HELLO, "250 ok", "250 ok", "250 ok", "354 go on", "554 no"), NotDelivered),
        ((*HELLO, "250 ok", "250 ok", "250 ok", "354 go on", "250 taken"), None),  # no farewell: it was taken
        ((*HELLO, "250 ok", "250 ok", "250 ok", "354 go on", "250 taken", "500 what?"), None),
    ],
)
def test_where_an_smtp_dialogue_ends_tells_what_became_of_the_mail(lines, outcome):
    with scripted(*lines) as port:
        if outcome is None:
            assert "taken" in CHANNELS["email"](NOTICE, email(port))
        else:
            with pytest.raises(outcome):
                CHANNELS["email"](NOTICE, email(port))


@pytest.fixture(scope="module")
def tls(tmp_path_factory):
    """A server's side of TLS, with a certificate of its own making."""
    if shutil.which("openssl") is None:
        (pytest.fail if os.environ.get("REPUTON_NEED_SERVERS") else pytest.skip)("openssl makes the certificate")
    folder = tmp_path_factory.mktemp("tls")
    words = "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=mx.test -keyout key.pem -out cert.pem"
    subprocess.run(["openssl", *words.split()], cwd=folder, check=True, capture_output=True, timeout=60)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context


@contextmanager
def strict(tls):
    """A server that takes mail by TLS from those who log in only; what they logged in with, and what it took."""
    taken = Receiver()
    logins: list[tuple[bytes, bytes]] = []

    def known(server, session, envelope, mechanism, login):
        logins.append((login.login, login.password))
        return AuthResult(success=login.password == SECRET.encode(), handled=False)

    controller = Controller(taken, hostname="127.0.0.1", port=free_port(), tls_context=tls, require_starttls=True,
                            auth_required=True, authenticator=known)  # fmt: skip
    controller.start()
    try:
        yield controller.port, logins, taken
    finally:
        controller.stop()


def test_a_mail_goes_by_tls_with_a_login(tls):
    with strict(tls) as (port, logins, server):
        CHANNELS["email"](NOTICE, email(port, user="watch", password=SECRET))
    assert logins == [(b"watch", SECRET.encode())]
    assert server.got("ops@example.org") == 1


def test_a_login_that_is_refused_is_told_without_what_was_tried(tls):
    with strict(tls) as (port, _, server), pytest.raises(NotDelivered) as raised:
        CHANNELS["email"](NOTICE, email(port, user="watch", password="wr0ng"))
    assert str(raised.value) == "the server refused the login (535)"
    assert server.taken == []


def test_a_certificate_of_another_machine_is_not_trusted(tls, monkeypatch):
    monkeypatch.setattr(submission, "is_loopback", lambda host: False)
    with strict(tls) as (port, logins, _), pytest.raises(NotDelivered):
        CHANNELS["email"](NOTICE, email(port, user="watch", password=SECRET))
    assert logins == []


def test_a_password_leaves_this_machine_by_tls_only(monkeypatch):
    monkeypatch.setattr(submission, "is_loopback", lambda host: False)
    with scripted(*HELLO, "500 what?") as port, pytest.raises(NotDelivered, match="no TLS"):
        CHANNELS["email"](NOTICE, email(port, user="watch", password=SECRET))


def test_syslog_by_udp_and_by_socket(tmp_path):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        CHANNELS["syslog"](NOTICE, Channel("log", "syslog", server=f"udp:127.0.0.1:{server.getsockname()[1]}"))
        got = server.recv(4096)
    path = tmp_path / "log"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as server:
        server.bind(str(path))
        CHANNELS["syslog"](NOTICE, Channel("log", "syslog", server=f"unix:{path}"))
        assert server.recv(4096) == got
    head, _, text = got.partition(b"\xef\xbb\xbf")
    assert re.fullmatch(rb"<28>1 2026-11-25T10:11:12Z \S+ reputon \d+ listed - ", head)
    assert text.decode().startswith("192.0.2.7 is listed by A <List> (Watched as: mx1; ")
    assert b"\n" not in got
    with pytest.raises(NotDelivered):
        CHANNELS["syslog"](NOTICE, Channel("log", "syslog", server=f"unix:{tmp_path}/nobody"))
    assert len(syslog.message(Notice(1, Kind.LISTED, "x" * 5000, "L", AT, AT))) == 2048


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"kind": "pigeon"}, "`kind`"),
        ({"kind": "webhook"}, "`url` is missing"),
        ({"kind": "webhook", "url": f"http://example.org/{SECRET}"}, "https:// is needed"),
        ({"kind": "slack", "url": f"ftp://example.org/{SECRET}"}, "https:// is needed"),
        ({"kind": "teams", "url": f"https://[bad/{SECRET}"}, "https:// is needed"),
        ({"kind": "teams", "url": f"https://a.test/ {SECRET}\n"}, "https:// is needed"),
        ({"kind": "email", "server": "mx.test", "to": ("a@b.test",)}, "`sender` is missing"),
        ({"kind": "email", "server": "mx.test", "to": ("a@b.test",), "sender": "<>"}, "is no address"),
        ({"kind": "email", "server": "mx.test", "to": ("a@b.test\r\nDATA",), "sender": "a@b.test"}, "is no address"),
        ({"kind": "email", "server": "mx.test:no", "to": ("a@b.test",), "sender": "a@b.test"}, "HOST:PORT"),
        ({"kind": "email", "server": "mx.test", "sender": "a@b.test"}, "`to` is missing"),
        ({"kind": "syslog"}, "`server` is missing"),
        ({"kind": "syslog", "server": "tcp:a:1"}, "udp:HOST:PORT"),
    ],
)
def test_a_channel_that_cannot_be_used_is_refused_by_its_key(fields, said):
    with pytest.raises(ChannelError) as raised:
        delivery.check(Channel("ops", **fields))
    assert said in str(raised.value)
    assert "watch.alerts.ops" in str(raised.value)
    assert SECRET not in str(raised.value)


def test_secrets_are_not_shown():
    made = Channel("ops", "webhook", password=SECRET, url=f"https://x.test/{SECRET}")
    assert SECRET not in repr(made)


def test_loopback():
    assert all(map(submission.is_loopback, ("127.0.0.1", "127.1.2.3", "::1", "localhost")))
    assert not any(map(submission.is_loopback, ("127.evil.test", "10.0.0.1", "", "localhost.test")))

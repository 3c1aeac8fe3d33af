"""A private Exim in a namespace: it answers to recipients, and delivers nothing."""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from tests.servers import unavailable
from tests.servers.namespace import Namespace
from tests.servers.program import Program

UNPACKED = "/opt/reputon-exim"  # where .ci/exim puts it: as a package it would take Postfix's place
USER = "Debian-exim"  # compiled into Debian's Exim, which does not start without
NUMBER = 64941
SETTINGS = """\
spool_directory = {directory}
log_file_path = {directory}/%slog
pid_file_path = {directory}/pid
primary_hostname = mail.receiver.test
local_interfaces = <; 127.0.0.1 ; ::1
daemon_smtp_ports = {port}
hosts_treat_as_local =
host_lookup =
rfc1413_query_timeout = 0s
tls_advertise_hosts =
keep_environment =
acl_smtp_rcpt = recipient
begin acl
recipient:
{rules}
  accept
"""


def users() -> dict[str, str]:
    """What a namespace lays over the machine's files, so that Exim finds its user without a package."""
    lines = {"/etc/passwd": f"{USER}:x:{NUMBER}:{NUMBER}::/:/usr/sbin/nologin\n", "/etc/group": f"{USER}:x:{NUMBER}:\n"}
    known = {place: Path(place).read_text() for place in lines}
    return {place: text + lines[place] for place, text in known.items() if f"{USER}:" not in text}


def exim(place: Namespace, port: int, rules: Sequence[str]) -> Program:
    """An Exim on 127.0.0.1 and ::1 inside, with those statements in its ACL of recipients, before `accept`."""
    folder = Path(os.environ.get("REPUTON_EXIM", UNPACKED))
    binary = shutil.which("exim4") or shutil.which("exim4", path=folder / "usr/sbin")
    if binary is None:
        unavailable("no exim4: run .ci/exim")
    server = Program("exim")
    server.directory.chmod(0o777)  # its user writes there
    settings = SETTINGS.format(directory=server.directory, port=port, rules="\n".join(rules))
    (server.directory / "exim.conf").write_text(settings)
    command = [*place.inside, binary, "-C", str(server.directory / "exim.conf"), "-bdf"]
    server.start(command, lambda: place.listens(port))
    return server

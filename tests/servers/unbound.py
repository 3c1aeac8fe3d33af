"""An unbound that minimises what it asks (RFC 9156), in front of a server of DNS lists."""

import shutil
from collections.abc import Iterable

from tests.servers import unavailable
from tests.servers.namespace import Namespace
from tests.servers.program import Program
from tests.servers.zones import answers

SERVER = """\
server:
  interface: 127.0.0.1@{port}
  access-control: 127.0.0.0/8 allow
  username: ""
  chroot: ""
  directory: "{directory}"
  pidfile: ""
  use-syslog: no
  do-daemonize: no
  num-threads: 1
  module-config: "iterator"
  do-not-query-localhost: no
  use-caps-for-id: yes
  qname-minimisation: yes
  qname-minimisation-strict: {strict}
  local-zone: "." static  # nothing but our zones: names elsewhere would be waited for
remote-control:
  control-enable: no
"""
ZONE = """\
server:
  local-zone: "{origin}." transparent
stub-zone:
  name: "{origin}"
  stub-addr: 127.0.0.1@{server}
"""


def unbound(place: Namespace, origins: Iterable[str], server: int, *, port: int = 53, strict: bool = True) -> Program:
    """A resolver on 127.0.0.1 inside that asks the server on that port for those zones.

    `strict`: believe NXDOMAIN of a shorter name, instead of asking for the whole name once more.
    """
    if shutil.which("unbound") is None:
        unavailable("no unbound: install unbound")
    resolver = Program("unbound")
    zones = list(origins)
    settings = SERVER.format(port=port, directory=resolver.directory, strict="yes" if strict else "no")
    settings += "".join(ZONE.format(origin=each, server=server) for each in zones)
    (resolver.directory / "unbound.conf").write_text(settings)
    command = [*place.inside, "unbound", "-d", "-c", str(resolver.directory / "unbound.conf")]
    resolver.start(command, lambda: answers(place, port, zones[0]))
    return resolver

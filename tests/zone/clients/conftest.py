"""A namespace with our server in it, asked directly and through an unbound that minimises."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from tests.servers import exim
from tests.servers.namespace import Namespace
from tests.servers.unbound import unbound
from tests.servers.zones import reputon
from tests.zone.clients.lists import BL, CLIENTS, DOM, LISTS

BEHIND = 5310
RESOLVER = {"/etc/resolv.conf": "nameserver 127.0.0.1\n"}


@pytest.fixture(scope="package", params=["direct", "minimised"])
def place(request) -> Iterator[Namespace]:
    """A namespace whose resolver is our server itself, or an unbound that asks it."""
    with ExitStack() as stack:
        inside = stack.enter_context(Namespace(CLIENTS, {**RESOLVER, **exim.users()}))
        direct = request.param == "direct"
        stack.enter_context(reputon(inside, 53 if direct else BEHIND, BL, LISTS))
        if not direct:
            stack.enter_context(unbound(inside, [BL, DOM], BEHIND))
        yield inside

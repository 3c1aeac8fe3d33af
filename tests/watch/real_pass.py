"""One pass as the service makes it, alerts and all, over a made world: `python real_pass.py WORLD [--json]`."""

import sys
from datetime import datetime
from pathlib import Path

from reputon import config, resolver
from reputon.cli import watched
from reputon.serve import watch

world = Path(sys.argv[1])
moment = datetime.fromisoformat((world / "now.txt").read_text())
say = watched.print_as_json if "--json" in sys.argv else None
watch.serve(config.load(None), resolver.World.read(world / "dns.json"), lambda: moment, True, say)

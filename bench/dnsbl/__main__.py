"""Command line of the measurement."""

import argparse
import os
from pathlib import Path

import bench.dnsbl
from bench.dnsbl import data, load, queries
from bench.dnsbl.servers import BUILD, OURS, PORTS, PROTECTIONS, Setting

ROOT = Path(__file__).parents[2]


def main() -> None:
    """Measure."""
    arguments = _parser().parse_args()
    work, evaluation = arguments.work.absolute(), arguments.eval.absolute()
    work.mkdir(parents=True, exist_ok=True)
    if arguments.what == "data":
        entries = arguments.entries or data.MILLION
        data.made(data.folder(work, entries), evaluation, entries)
        return
    load.compiled(evaluation, work)
    _measured(arguments, _setting(arguments, work))


def _setting(arguments: argparse.Namespace, work: Path) -> Setting:
    protections = work / "protections.toml" if arguments.protections else None
    if protections:
        protections.write_text(PROTECTIONS)
    return Setting(work, data.folder(work, data.MILLION), arguments.ours, arguments.build, protections)


def _measured(arguments: argparse.Namespace, setting: Setting) -> None:
    names, rounds, seconds = arguments.servers.split(","), arguments.rounds, arguments.seconds
    match arguments.what:
        case "queries":
            queries.compared(setting, names, rounds, seconds)
        case "entries":
            queries.larger(setting, arguments.entries or 10 * data.MILLION, rounds, seconds)


def _parser() -> argparse.ArgumentParser:
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser("python -m bench.dnsbl", description=bench.dnsbl.__doc__, formatter_class=form)
    parser.add_argument("what", choices=("data", "queries", "entries"))
    evaluation = Path(os.environ.get("REPUTON_DNSBL_EVAL", ROOT / "../shared/eval/dnsbl"))
    parser.add_argument("--eval", type=Path, default=evaluation, help="folder of gen.py, flood.c and echo.c")
    parser.add_argument("--work", type=Path, default=ROOT / ".bench/dns", help="folder for data, programs and figures")
    parser.add_argument("--entries", type=int, help="by default 1000000 for data, 10000000 for entries")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--seconds", type=float, default=3, help="of a round")
    parser.add_argument("--servers", default=",".join(PORTS), help=f"of {','.join(PORTS)}")
    parser.add_argument("--ours", default=OURS, help="the command that serves {table} on {port}")
    parser.add_argument("--build", default=BUILD, help="the command that makes {table} of {v4} and {v6}")
    parser.add_argument("--protections", action="store_true", help="ours with every protection, loopback not exempt")
    return parser


if __name__ == "__main__":
    main()

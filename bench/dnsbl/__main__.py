"""Command line of the measurement."""

import argparse
import os
from pathlib import Path

import bench.dnsbl
from bench.dnsbl import alone, data, load, queries, swap, transfer
from bench.dnsbl.machine import CLIENT
from bench.dnsbl.servers import BUILD, OURS, PORTS, PROTECTIONS, TRANSFERS, Setting

ROOT = Path(__file__).parents[2]
ROUNDS = {"queries": 15, "entries": 15, "swap": 0, "memory": 0, "latency": 5, "start": 5, "transfer": 3}


def main() -> None:
    """Measure."""
    parser = _parser()
    arguments = parser.parse_args()
    if unknown := set(arguments.servers.split(",")) - set(PORTS):
        parser.error(f"--servers: {', '.join(unknown)} is none of {', '.join(PORTS)}")
    work, evaluation = arguments.work.absolute(), arguments.eval.absolute()
    work.mkdir(parents=True, exist_ok=True)
    if arguments.what == "data":
        entries = arguments.entries or data.MILLION
        data.made(data.folder(work, entries), evaluation, entries)
        return
    load.compiled(evaluation, work)
    os.sched_setaffinity(0, {CLIENT})
    _measured(arguments, _setting(arguments, work))


def _setting(arguments: argparse.Namespace, work: Path) -> Setting:
    config = PROTECTIONS if arguments.protections else ""
    if arguments.what == "transfer":
        config += TRANSFERS.format(port=PORTS["nsd"])
    return Setting(work, data.folder(work, data.MILLION), arguments.ours, arguments.build, config)


def _measured(arguments: argparse.Namespace, setting: Setting) -> None:
    names, seconds = arguments.servers.split(","), arguments.seconds
    rounds = arguments.rounds or ROUNDS[arguments.what]
    match arguments.what:
        case "queries":
            queries.compared(setting, names, rounds, seconds)
        case "entries":
            queries.larger(setting, arguments.entries or 10 * data.MILLION, rounds, seconds)
        case "swap":
            swap.measured(setting)
        case "memory":
            alone.memory(setting, names)
        case "latency":
            alone.latency(setting, names, rounds, seconds)
        case "start":
            alone.start(setting, [name for name in names if name != "echo"], rounds)
        case "transfer":
            transfer.measured(setting, rounds)


def _parser() -> argparse.ArgumentParser:
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser("python -m bench.dnsbl", description=bench.dnsbl.__doc__, formatter_class=form)
    parser.add_argument("what", choices=("data", *ROUNDS))
    evaluation = Path(os.environ.get("REPUTON_DNSBL_EVAL", ROOT / "../shared/eval/dnsbl"))
    parser.add_argument("--eval", type=Path, default=evaluation, help="folder of gen.py, flood.c and echo.c")
    parser.add_argument("--work", type=Path, default=ROOT / ".bench/dns", help="folder for data, programs and figures")
    parser.add_argument("--entries", type=int, help="by default 1000000 for data, 10000000 for entries")
    parser.add_argument("--rounds", type=int, help=", ".join(f"{what} {each}" for what, each in ROUNDS.items() if each))
    parser.add_argument("--seconds", type=float, default=3, help="of a round")
    parser.add_argument("--servers", default=",".join(PORTS), help=f"of {','.join(PORTS)}")
    parser.add_argument("--ours", default=OURS, help="the command that serves {table} on {port}")
    parser.add_argument("--build", default=BUILD, help="the command that makes {table} of {v4} and {v6}")
    parser.add_argument("--protections", action="store_true", help="ours with every protection, loopback not exempt")
    return parser


if __name__ == "__main__":
    main()

"""Plots: what people look at first in a study, drawn by matplotlib where it is installed (`reputon[plots]`)."""

import io
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from reputon.simulate.population.classes import CLASSES, CLEAN
from reputon.simulate.population.peers import PEERS
from reputon.simulate.population.ranking import OURS
from reputon.simulate.population.rendering import Study
from reputon.simulate.population.rows import Table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MISSING = "plots need matplotlib: pip install 'reputon[plots]'"

_BLUE, _ORANGE, _GREEN, _RED, _GREY = "#0067a5", "#e68a00", "#3a8a3a", "#c0392b", "#8a8f98"
_PEER_COLOURS = ("#b0b5bd", _ORANGE, _GREEN, "#9467bd", "#8c564b")
_STYLE: Any = {
    "svg.fonttype": "none", "svg.hashsalt": "reputon", "font.size": 9, "axes.spines.top": False,
    "axes.spines.right": False, "axes.titlesize": 10, "axes.titleweight": "bold", "legend.frameon": False,
    "axes.grid": True, "grid.color": "#e4e6ea", "grid.linewidth": 0.6, "axes.axisbelow": True,
}  # fmt: skip


class PlotsError(RuntimeError):
    """Plots cannot be drawn here; the message says what to install."""


def svgs(study: Study) -> dict[str, str]:
    """Every plot as SVG, by its name as a file's; PlotsError where matplotlib is missing."""
    try:
        import matplotlib as mpl
        from matplotlib.figure import Figure
    except ImportError:
        raise PlotsError(MISSING) from None
    made = {}
    with mpl.rc_context(_STYLE):
        for name, (draw, size) in PLOTS.items():
            figure = Figure(figsize=size, layout="constrained")
            draw(figure, study)
            out = io.StringIO()
            figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
            made[f"{name}.svg"] = "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n"
    return made


def _roc(figure: "Figure", study: Study) -> None:
    """Who catches how much while few legitimate senders look as bad, in every world."""
    panels = figure.subplots(1, len(study.worlds), sharey=True, squeeze=False)[0]
    for axes, world in zip(panels, study.worlds, strict=True):
        rows = study.table("roc", world).rows
        for name, colour in zip((*PEERS, OURS), (*_PEER_COLOURS, _BLUE), strict=True):
            falses = [100 * float(each) for each in rows[name]]
            caught = [100 * each.mean for each in rows[name].values()]
            axes.plot(falses, caught, color=colour, label=name, linewidth=2.4 if name == OURS else 1.4)
        axes.axvline(0.3, color=_GREY, linewidth=0.8, linestyle=":")
        axes.set(xscale="log", title=f"world: {world}", xlabel="legitimate addresses as bad, %", ylim=(0, 100))
        axes.set_xticks([0.1, 0.3, 1, 3, 10], ["0.1", "0.3", "1", "3", "10"])
        axes.minorticks_off()
    panels[0].set_ylabel("bad addresses caught, %")
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)


def _scores(figure: "Figure", study: Study) -> None:
    """How the scores of each class are spread, in the first world."""
    table = study.table("scores", study.worlds[0])
    panels = figure.subplots(len(CLASSES), 1, sharex=True)
    for axes, each in zip(panels, CLASSES, strict=True):
        row = table.rows[each.name]
        colour = _RED if each.is_bad else _GREEN if each.name in CLEAN else _ORANGE
        edges = [*(float(x) for x in row), 100.0]
        axes.stairs([100 * y.mean for y in row.values()], edges, fill=True, color=colour)
        axes.set(xlim=(0, 100), ylim=(0, 100))
        axes.set_yticks([0, 50, 100], ["", "50", "100"])
        axes.text(0.5, 0.78, each.name, transform=axes.transAxes, ha="center", fontweight="bold", color=colour)
    panels[0].set_title(f"Share of each class by its score, % (world: {table.world})")
    panels[-1].set_xlabel("score: 0 worst, 100 best")
    panels[-1].set_xticks(range(0, 101, 10))


def _timeline(figure: "Figure", study: Study) -> None:
    """The days of a compromise: mail, score and listing, in the first world."""
    table = study.table("timeline", study.worlds[0])
    days = [int(day) for day in table.rows]
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(2, 1))
    listed = _column(table, "listed")
    for day, part in zip(days, listed, strict=True):
        above.axvspan(day, day + 1, color=_RED, alpha=0.22 * part, linewidth=0)
    above.plot([day + 1 for day in days], _column(table, "score"), color=_BLUE, marker="o", markersize=3.5)
    above.axhline(70, color=_GREY, linewidth=0.8, linestyle=":")
    above.text(days[0] + 0.1, 71.5, "filtering eases from 70", color=_GREY)
    above.text(2.5, 84, "listed", color=_RED, ha="center")
    above.set(ylim=(0, 100), ylabel="score", title="A sender of 300 messages a day; 3000 spam a day for three days")
    own, spam = _column(table, "own mail"), _column(table, "spam")
    below.bar(days, own, width=0.9, align="edge", color=_GREEN, label="its own mail")
    below.bar(days, spam, width=0.9, align="edge", bottom=own, color=_RED, label="spam")
    below.set(xlabel="days since the account was stolen", ylabel="messages a day")
    below.legend(loc="upper right")


def _pools(figure: "Figure", study: Study) -> None:
    """What listing by address and by tenant do to a shared address, in the first world."""
    table = study.table("pools", study.worlds[0])
    left, right = figure.subplots(1, 2, sharey=True)
    places = range(len(table.rows))
    for axes, what in ((left, "clean blocked"), (right, "spam stopped")):
        for shift, way, colour in ((-0.2, "address", _ORANGE), (0.2, "tenant", _BLUE)):
            parts = [100 * each for each in _column(table, f"{what}, by {way}")]
            bars = axes.bar([x + shift for x in places], parts, width=0.38, color=colour, label=f"listed by {way}")
            axes.bar_label(bars, fmt="%.0f", fontsize=7, padding=1)
        axes.set_xticks(places, table.rows)
        axes.set(xlabel="the noisy tenant's share of the mail", title=f"{what}, % of it", ylim=(0, 108))
    figure.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=2)


def _liar(figure: "Figure", study: Study) -> None:
    """Whom one lying source in ten can hurt, by the cap, in the first world."""
    table = study.table("liar", study.worlds[0])
    axes = figure.subplots()
    forged = [column for column in table.columns if "forged" in column]
    colours = (_ORANGE, _RED, "#8c2f39", _GREY)
    for number, (column, colour) in enumerate(zip(forged, colours, strict=True)):
        hurt = [100 * (1 - each if column.startswith("bad") else each) for each in _column(table, column)]
        label = column.replace("bad, volume forged", "bad, volume forged (50 and above)")
        places = [y + 0.2 * number - 0.3 for y in range(len(table.rows))]
        axes.bar_label(
            axes.barh(places, hurt, height=0.18, color=colour, label=label), fmt="%.0f", fontsize=7, padding=2
        )
    axes.set_yticks(range(len(table.rows)), table.rows)
    axes.invert_yaxis()
    axes.set(xlabel="senders whose score the lie puts on the wrong side of 50, %", xlim=(0, 108))
    axes.grid(visible=False, axis="y")
    figure.legend(loc="outside lower center", ncols=2)


def _column(table: Table, name: str) -> list[float]:
    return [row[name].mean for row in table.rows.values()]


PLOTS: dict[str, tuple[Callable[["Figure", Study], None], tuple[float, float]]] = {
    "roc": (_roc, (9.5, 4.2)),
    "scores": (_scores, (6.5, 7.0)),
    "timeline": (_timeline, (8.0, 4.6)),
    "pools": (_pools, (8.0, 3.8)),
    "liar": (_liar, (8.0, 4.4)),
}

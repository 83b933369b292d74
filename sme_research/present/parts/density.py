"""Reports just above and just below the thresholds of the rules, where figures may be made to fit."""

from __future__ import annotations

from matplotlib.axes import Axes

from sme_research.present.canvas import AFTER, DASHED, GRID, INK, PALE, draw, wrap
from sme_research.present.plotted import heads, tabulate_plotted
from sme_research.present.sentences import absent
from sme_research.present.show import HtmlTable, Picture, Text
from sme_research.present.words import count, join, money, p_value, quoted, sentences, signed, text, words
from sme_research.results import Finding, ThresholdDensity

ALPHA = 0.05
_IN_A_ROW = 3


def plot_density(finding: Finding, lang: str) -> Picture | Text:
    """One small histogram a threshold, reports below it hatched, above it solid."""
    found = finding.densities
    if not found:
        return absent(finding, "densities", lang)
    across = min(len(found), _IN_A_ROW)
    down = -(-len(found) // across)
    with draw(0.5 + 2.6 * down) as drawing:
        grid = drawing.figure.subplots(down, across, squeeze=False)
        for axes, density in zip(grid.flat, found, strict=False):
            _draw_density(axes, density, lang, width=int(66 / across))
        for axes in list(grid.flat)[len(found) :]:
            axes.set_visible(False)
        grid[0][0].set_ylabel(text(lang, "density.y"))
    adjusted = _adjusted(finding)
    told = [
        text(
            lang,
            "density.alt_part",
            label=density.label[lang],
            below=count(_beside(density, -1)),
            above=count(_beside(density, +1)),
            p_value=p_value(adjusted[density.name]),
        )
        for density in found
    ]
    alt = text(lang, "density.alt", parts=("；" if lang == "zh" else "; ").join(told))
    data = tabulate_plotted(
        heads(lang, "threshold", "unit", "bin_from", "bin_to", "reports"),
        [
            (density.label[lang], quoted(lang, density.unit), bar["from"], bar["to"], bar["count"])
            for density in found
            for bar in density.bins
        ],
    )
    caption = text(lang, "density.caption")
    if any(density.n_below is None for density in found):
        caption = sentences(lang, [caption + ("。" if lang == "zh" else "."), text(lang, "density.rounded")])
    return Picture(drawing.png, alt, caption, data)


def _draw_density(axes: Axes, density: ThresholdDensity, lang: str, width: int) -> None:
    for above in (False, True):
        bins = (
            [bar for bar in density.bins if (bar["from"] + bar["to"]) / 2 > density.threshold]
            if above
            else [bar for bar in density.bins if (bar["from"] + bar["to"]) / 2 < density.threshold]
        )
        axes.bar(
            [bar["from"] for bar in bins],
            [bar["count"] for bar in bins],
            [bar["to"] - bar["from"] for bar in bins],
            align="edge",
            color=AFTER if above else PALE,
            edgecolor=INK,
            linewidth=0.5,
            hatch="" if above else "///",
        )
    axes.axvline(density.threshold, color=INK, linewidth=1.2, linestyle=DASHED)
    axes.set_title(wrap(density.label[lang], lang, width), fontsize=10)
    axes.set_xlabel(quoted(lang, density.unit), fontsize=9.5)
    axes.tick_params(labelsize=9)
    axes.locator_params(axis="x", nbins=4)
    axes.grid(axis="y", color=GRID)


def _beside(density: ThresholdDensity, side: int) -> float:
    """Reports in the bin that touches the threshold from below (-1) or from above (+1)."""
    touching = [bar for bar in density.bins if side * ((bar["from"] + bar["to"]) / 2 - density.threshold) > 0]
    nearest = min(touching, key=lambda bar: abs((bar["from"] + bar["to"]) / 2 - density.threshold), default=None)
    return nearest["count"] if nearest else 0


def tabulate_density(finding: Finding, lang: str) -> HtmlTable | Text:
    """The test at each threshold, with the bins next to it."""
    if not finding.densities:
        return absent(finding, "densities", lang)
    adjusted = _adjusted(finding)
    rows = [
        (
            density.label[lang],
            _threshold(density, lang),
            count(density.n_below),
            count(density.n_above),
            f"{count(_beside(density, -1))} / {count(_beside(density, +1))}",
            signed(density.statistic, 2),
            p_value(density.p_value),
            p_value(adjusted[density.name]),
        )
        for density in finding.densities
    ]
    caption, note = text(lang, "density.table_caption"), text(lang, "density.note")
    return HtmlTable(caption, words(lang, "density.head"), rows, note, kind="dense")


def _adjusted(finding: Finding) -> dict[str, float]:
    """The p-values that the check of the thresholds goes by, adjusted over all of them."""
    return {row["threshold"]: row["p_adjusted"] for row in finding.check("manipulation").table}


def _threshold(density: ThresholdDensity, lang: str) -> str:
    if density.unit == "万元":
        return money(density.threshold, lang)
    if density.unit == "%":
        return f"{density.threshold:g}%"
    return text(lang, "unit.natural", number=f"{density.threshold:g}", unit=quoted(lang, density.unit))


def describe_density(finding: Finding, lang: str) -> Text:
    """Thresholds at which reports jump, where there are any."""
    if not finding.densities:
        return absent(finding, "densities", lang)
    adjusted = _adjusted(finding)
    jumping = [density.label[lang] for density in finding.densities if adjusted[density.name] < ALPHA]
    facts = {"labels": join(lang, jumping), "n": len(finding.densities)}
    return Text(text(lang, "density.jumps" if jumping else "density.smooth", **facts))

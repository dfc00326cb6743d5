"""Pictures of what was measured, as PNG."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib.figure import Figure


def reliability(path: Path, tenths: Sequence[tuple[float, float, int]]) -> None:
    """The share right over confidence, with the diagonal of perfect calibration.

    A tenth is where it begins, the share right (0 to 1), and how many questions it has.
    """
    figure = Figure(figsize=(5, 5), layout="constrained")
    axes = figure.add_subplot(xlabel="confidence", ylabel="share right", xlim=(0, 1), ylim=(0, 1))
    begins, shares, counts = zip(*tenths, strict=True)
    bars = axes.bar(begins, shares, width=0.1, align="edge", edgecolor="white")
    axes.bar_label(bars, [str(count) for count in counts], fontsize=7)
    axes.plot((0, 1), (0, 1), color="tab:red", label="perfect")
    axes.legend(title="numbers: questions")
    figure.savefig(path, dpi=120)


def quality_over_time(path: Path, points: Sequence[tuple[int, float, float]], chosen: int) -> None:
    """F1 (percent) over the median milliseconds of reading, a point for each number of passages that are read.

    A point is the number of passages, the milliseconds and the F1.
    """
    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.add_subplot(xlabel="milliseconds of reading, median", ylabel="F1, percent")
    counts, times, scores = zip(*points, strict=True)
    axes.plot(times, scores, marker="o")
    for count, took, score in zip(counts, times, scores, strict=True):
        weight = "bold" if count == chosen else "normal"
        axes.annotate(str(count), (took, score), xytext=(0, 8), textcoords="offset points", weight=weight, ha="center")
    axes.margins(y=0.12)
    axes.set_title(f"numbers: passages read, {chosen} by the bot", fontsize=9)
    figure.savefig(path, dpi=120)

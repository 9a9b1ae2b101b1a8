"""Plots payments by outcome and day: stacked bars for an SVG template."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

# More bars cannot be distinguished on a page; then a bar is a month.
MOST_DAYS: Final = 62
WIDTH: Final = 960
HEIGHT: Final = 300
LEFT: Final = 48  # space for the numbers of the scale
RIGHT: Final = 36  # ... for half of the last label
BOTTOM: Final = 40  # ... and for the labels of days
TOP: Final = 12
# The most labels below the bars; more would overlap.
MOST_NAMES: Final = 12

# Okabe and Ito's palette, which people with colour blindness can read.
COLOURS: Final = {
    "PAID": "#009e73",
    "DECLINED": "#d55e00",
    "EXPIRED": "#e69f00",
    "CANCELLED": "#56b4e9",
}
OTHER_COLOUR: Final = "#7a7a7a"


@dataclass(frozen=True)
class Bar:
    """One outcome of one day; lengths in units of the picture."""

    x: float
    y: float
    width: float
    height: float
    colour: str
    tells: str


@dataclass(frozen=True)
class Mark:
    """A label at a position of an axis."""

    at: float
    text: str


@dataclass(frozen=True)
class Plot:
    """A plot, and its numbers as a table.

    Attributes:
        by: `day`, or `month` where the days are too many for bars of their own.
        rows: For each day or month, its name and the number for each outcome.
    """

    by: str
    bars: tuple[Bar, ...]
    names: tuple[Mark, ...]
    scale: tuple[Mark, ...]
    outcomes: tuple[tuple[str, str], ...]
    rows: tuple[tuple[str, tuple[int, ...]], ...]


def plot_payments(counted: Mapping[tuple[date, str], int]) -> Plot:
    """Return the plot of payments by day and outcome.

    Args:
        counted: The number for each day and outcome; days without payments are left
            out.
    """
    by = "day" if len({day for day, _ in counted}) <= MOST_DAYS else "month"
    numbers: Counter[tuple[str, str]] = Counter()
    for (day, outcome), number in counted.items():
        numbers[_name_of(day, by), outcome] += number
    names = sorted({name for name, _ in numbers})
    outcomes = _in_order(outcome for _, outcome in numbers)
    highest = max(
        (sum(numbers[name, one] for one in outcomes) for name in names), default=0
    )
    step = (WIDTH - LEFT - RIGHT) / max(len(names), 1)
    return Plot(
        by=by,
        bars=tuple(_bars(numbers, names, outcomes, step, _round_up(highest))),
        names=tuple(
            Mark(LEFT + step * (number + 0.5), name)
            for number, name in enumerate(names)
            if number % -(-len(names) // MOST_NAMES) == 0
        ),
        scale=tuple(_scale(_round_up(highest))),
        outcomes=tuple((one, colour_of(one)) for one in outcomes),
        rows=tuple(
            (name, tuple(numbers[name, one] for one in outcomes)) for name in names
        ),
    )


def colour_of(outcome: str) -> str:
    return COLOURS.get(outcome, OTHER_COLOUR)


def _bars(
    numbers: Counter[tuple[str, str]],
    names: list[str],
    outcomes: list[str],
    step: float,
    top: int,
) -> Iterable[Bar]:
    # Limits the width of a single bar.
    width = min(step * 0.8, 90)
    for place, name in enumerate(names):
        below = 0
        for outcome in outcomes:
            number = numbers[name, outcome]
            if not number:
                continue
            below += number
            yield Bar(
                x=round(LEFT + step * (place + 0.5) - width / 2, 2),
                y=_height_at(below, top),
                width=round(width, 2),
                height=round(number / top * (HEIGHT - BOTTOM - TOP), 2),
                colour=colour_of(outcome),
                tells=f"{name}: {number} {outcome}",
            )


def _scale(top: int) -> Iterable[Mark]:
    for quarter in range(5):
        number = top * quarter // 4
        yield Mark(_height_at(number, top), f"{number:,}")


def _height_at(number: int, top: int) -> float:
    return round(TOP + (1 - number / top) * (HEIGHT - BOTTOM - TOP), 2)


def _round_up(highest: int) -> int:
    """Return the scale's end: 4, 8, 12, 16, 20, 40, 80, ..., four even parts."""
    zeros = 1
    while highest > 20 * zeros:
        zeros *= 10
    return next(4 * part * zeros for part in range(1, 6) if highest <= 4 * part * zeros)


def _in_order(outcomes: Iterable[str]) -> list[str]:
    """Sort the outcomes: those of payments first, in their own order, then others."""
    known = list(COLOURS)
    return sorted(
        set(outcomes),
        key=lambda one: (known.index(one) if one in known else len(known), one),
    )


def _name_of(day: date, by: str) -> str:
    return f"{day:%Y-%m-%d}" if by == "day" else f"{day:%Y-%m}"

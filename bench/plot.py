#!/usr/bin/env python3
"""Draws the lines "what,count,value" of `bench URL growth` as one SVG for each "what": plot.py FILE FOLDER"""

import csv
import math
import re
import sys
from collections import defaultdict
from pathlib import Path

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 480, 280, 64, 16, 32, 40


def label(number):
    for size, unit in ((1e6, "M"), (1e3, "k")):
        if number >= size:
            return f"{number / size:g}{unit}"
    return f"{number:g}"


def ticks(low, high, logarithmic):
    if logarithmic:
        return [10.0**power for power in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)]
    step = 10.0 ** math.floor(math.log10(high))
    while high / step < 4:
        step /= 2
    return [step * index for index in range(math.ceil(high / step) + 1)]


def draw(title, points):
    """Values over counts. An axis is logarithmic when it spans more than a factor of 50; the values begin at 0 otherwise."""
    xs, ys = [x for x, _ in points], [y for _, y in points]
    log_x, log_y = xs[-1] / xs[0] > 50, max(ys) / min(ys) > 50
    y_ticks = ticks(min(ys), max(ys), log_y)

    def scale(value, low, high, logarithmic):
        if logarithmic:
            value, low, high = math.log10(value), math.log10(low), math.log10(high)
        return (value - low) / (high - low) if high > low else 0.5

    def place(x, y):
        right = LEFT + scale(x, xs[0], xs[-1], log_x) * (WIDTH - LEFT - RIGHT)
        down = HEIGHT - BOTTOM - scale(y, y_ticks[0], y_ticks[-1], log_y) * (HEIGHT - TOP - BOTTOM)
        return f"{right:.1f}", f"{down:.1f}"

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        f'<text x="{WIDTH / 2}" y="18" text-anchor="middle" font-size="14">{title}</text>',
    ]
    for tick in y_ticks:
        _, down = place(xs[0], tick)
        parts.append(f'<path d="M{LEFT} {down}H{WIDTH - RIGHT}" stroke="#ddd"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{float(down) + 4}" text-anchor="end">{label(tick)}</text>')
    for x in xs:
        right, _ = place(x, ys[0])
        parts.append(f'<text x="{right}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{label(x)}</text>')
    line = " ".join(",".join(place(x, y)) for x, y in points)
    parts.append(f'<polyline points="{line}" fill="none" stroke="#0b62a4" stroke-width="2"/>')
    for x, y in points:
        right, down = place(x, y)
        parts.append(f'<circle cx="{right}" cy="{down}" r="3" fill="#0b62a4"><title>{label(x)}: {y:g}</title></circle>')
    return "\n".join([*parts, "</svg>", ""])


def main(source, folder):
    series = defaultdict(list)
    with open(source, newline="", encoding="utf-8") as lines:
        for what, count, value in csv.reader(lines):
            series[what].append((float(count), float(value)))
    Path(folder).mkdir(parents=True, exist_ok=True)
    for what, points in series.items():
        name = re.sub("[^a-z]+", "-", what.lower().split(" (")[0]).strip("-")
        Path(folder, f"{name}.svg").write_text(draw(what, points), encoding="utf-8")


main(*sys.argv[1:])

"""Writes docs/images/task-*.svg, the pictures of docs/tasks.md: what a sample is in each task.

.venv/bin/python docs/task_pictures.py
"""

import math
from collections.abc import Sequence
from pathlib import Path
from xml.sax.saxutils import escape

FOLDER = Path(__file__).parent / "images"
WIDTH, LEFT, STEP = 720, 108, 18  # pixels; a step of time is so wide
INK, PALE, SEEN, ASKED, REST = "#1f2933", "#7b8794", "#2b6cb0", "#c05621", "#e4e7eb"

Point = tuple[float, float]


def main() -> None:
    """Writes every picture."""
    FOLDER.mkdir(exist_ok=True)
    for name, content in pictures().items():
        (FOLDER / f"task-{name}.svg").write_text(content, encoding="utf-8")


def pictures() -> dict[str, str]:
    """Name → SVG."""
    return {
        "forecast": forecast(),
        "many-series": many_series(),
        "classify": labelled("classify", ("speaker 1", "speaker 2", "speaker 1"), "its label"),
        "regress": labelled("regress", ("3.1 mm", "0.4 mm", "2.7 mm"), "its number"),
        "characters": characters(),
    }


def forecast() -> str:
    """One series, and two of its windows."""
    points = [(LEFT + STEP * step, 70 - 26 * _wave(step, 0)) for step in range(33)]
    parts = [line(points, PALE), *(dot(point, PALE) for point in points)]
    for row, (first, name) in enumerate(((3, "a sample"), (4, "the next one"))):
        y = 130 + 34 * row
        parts += bar(first, 14, y, SEEN, "seen: window.lookback") + bar(first + 14, 5, y, ASKED, "predicted")
        parts.append(text(LEFT - 8, y + 15, name, INK, "end"))
    origin = LEFT + STEP * 16.5
    parts.append(f'<path d="M{origin} 28V124" stroke="{INK}" stroke-dasharray="3 4"/>')
    parts += [text(origin + 6, 34, "the moment of the forecast", INK), text(LEFT - 8, 74, "one series", INK, "end")]
    parts.append(text(LEFT, 218, "As many samples as windows; neighbours share all steps but one.", INK))
    return svg(
        232, "A window of one series is a sample: the steps seen, and the next steps, which are predicted", parts
    )


def many_series() -> str:
    """Three series in one table, windows of each, and one that is held out whole."""
    parts = []
    for row, (name, length) in enumerate((("shop north", 33), ("shop south", 33), ("shop west", 20))):
        y, begin = 44 + 74 * row, 33 - length
        is_held_out = row == 1
        if is_held_out:
            parts.append(f'<rect x="4" y="{y - 32}" width="{WIDTH - 8}" height="70" rx="6" fill="#fdf3ec"/>')
        points = [(LEFT + STEP * step, y - 14 * _wave(step, row + 1)) for step in range(begin, 33)]
        parts += [line(points, PALE), text(LEFT - 8, y + 4, name, INK, "end")]
        first = begin + 2 + row
        parts += bar(first, 10, y + 18, SEEN, "seen", 16) + bar(first + 10, 4, y + 18, ASKED, "predicted", 16)
    parts.append(
        text(LEFT, 254, "Windows of all series are samples of one model. Folds are blocks of time; or whole", INK)
    )
    parts.append(text(LEFT, 272, "series (shaded), so that a score is that on a series never seen.", INK))
    return svg(286, "Windows of every series are samples of one model", parts)


def labelled(task: str, labels: Sequence[str], what: str) -> str:
    """Three sequences of unequal length with two features, and what each has."""
    parts = [text(LEFT, 22, "steps, with two features each", PALE), text(LEFT + STEP * 25, 22, what, PALE)]
    for row, (steps, label) in enumerate(zip((19, 11, 23), labels, strict=True)):
        y = 62 + 66 * row
        for feature, colour in enumerate((SEEN, PALE)):
            points = [(LEFT + STEP * step, y - 12 * _wave(step, 3 * row + feature + 4)) for step in range(steps)]
            parts += [line(points, colour), *(dot(point, colour) for point in points)]
        end = LEFT + STEP * (steps - 1)
        parts += [text(LEFT - 12, y + 4, f"sample {row + 1}", INK, "end"), arrow(end + 10, LEFT + STEP * 25 - 8, y)]
        parts += pill(LEFT + STEP * 25, y, label)
    few = "Every sequence is one sample, whatever its length; nothing is cut into windows."
    parts.append(text(LEFT, 240, few, INK))
    return svg(254, f"A whole sequence is a sample of task {task}: its steps, and {what}", parts)


def characters() -> str:
    """Two names, each character an indicator at its step."""
    parts = [text(LEFT, 22, "a step is a character", PALE), text(LEFT + 430, 22, "its label", PALE)]
    for row, (name, label) in enumerate((("anna", "female"), ("jørn", "male"))):
        top, alphabet = 36 + 132 * row, ("a", "j", "n", "r", "other")
        parts.append(text(LEFT - 12, top + 18, f"sample {row + 1}", INK, "end"))
        for step in range(6):
            x, letter = LEFT + 66 * step, name[step] if step < len(name) else ""
            colour = SEEN if letter else REST
            parts.append(f'<rect x="{x}" y="{top}" width="58" height="26" rx="4" fill="{colour}"/>')
            parts.append(text(x + 29, top + 18, letter or "0", "#ffffff" if letter else PALE, "middle"))
            known = letter if letter in alphabet else "other" if letter else ""
            for place, each in enumerate(alphabet):
                of_one = text(x + 29, top + 42 + 15 * place, str(int(each == known)), INK if each == known else PALE,
                              "middle", 12)  # fmt: skip
                parts.append(of_one)
        parts += [text(LEFT - 12, top + 42 + 15 * place, each, PALE, "end", 12) for place, each in enumerate(alphabet)]
        parts += [arrow(LEFT + 66 * 6 + 2, LEFT + 424, top + 13), *pill(LEFT + 430, top + 13, label)]
    parts.append(
        text(LEFT, 312, "An input for each character of the training rows, and one for all others (here ø).", INK)
    )
    parts.append(text(LEFT, 330, "Behind the end of a name stand zeros that no network reads.", INK))
    return svg(344, "A text is a sample: its characters one after another, and its label", parts)


# --- what pictures are made of ----------------------------------------------------------------------------------------


def svg(height: int, title: str, parts: Sequence[str]) -> str:
    """A picture with a white background, in the fonts of the reader's machine."""
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        'role="img" font-family="system-ui, sans-serif" fill="none">'
    )
    background = f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>'
    return "\n".join([head, f"<title>{escape(title)}</title>", background, *parts, "</svg>"]) + "\n"


def text(x: float, y: float, content: str, colour: str, anchor: str = "start", size: int = 14) -> str:
    """Words that begin, end or are centred at a point."""
    place = f'x="{x:g}" y="{y:g}" text-anchor="{anchor}" font-size="{size}" fill="{colour}"'
    return f"<text {place}>{escape(content)}</text>"


def bar(first: int, steps: int, y: float, colour: str, content: str, height: int = 22) -> list[str]:
    """Some steps as a box with a word in it; the last step's point lies inside."""
    x, width = LEFT + STEP * (first - 0.5), STEP * steps
    box = f'<rect x="{x + 1:g}" y="{y:g}" width="{width - 2:g}" height="{height}" rx="4" fill="{colour}"/>'
    return [box, text(x + width / 2, y + height - 5, content, "#ffffff", "middle", 12)]


def pill(x: float, y: float, content: str) -> list[str]:
    """A label."""
    width = 16 + 8 * len(content)
    box = f'<rect x="{x:g}" y="{y - 13:g}" width="{width}" height="26" rx="13" fill="{ASKED}"/>'
    return [box, text(x + width / 2, y + 5, content, "#ffffff", "middle", 13)]


def line(points: Sequence[Point], colour: str) -> str:
    """A line through points."""
    places = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polyline points="{places}" stroke="{colour}" stroke-width="1.8"/>'


def dot(point: Point, colour: str) -> str:
    """A point."""
    return f'<circle cx="{point[0]:.1f}" cy="{point[1]:.1f}" r="2.6" fill="{colour}"/>'


def arrow(x: float, end: float, y: float) -> str:
    """From a sample to what it has."""
    head = f"M{end - 7:g} {y - 4:g}L{end:g} {y:g}L{end - 7:g} {y + 4:g}"
    return f'<path d="M{x:g} {y:g}H{end:g}{head}" stroke="{PALE}" stroke-width="1.4"/>'


def _wave(step: float, number: int) -> float:
    """A value from −1 to 1 that looks like data, the same whenever it is drawn."""
    return 0.7 * math.sin(0.55 * step + 1.7 * number) + 0.3 * math.sin(1.9 * step + 0.9 * number * number)


if __name__ == "__main__":
    main()

"""Writes docs/size-against-score.svg, the README's figure, from the results of `make run`.

.venv/bin/python docs/figure.py
"""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]


def main() -> None:
    """Reads the report; writes the figure."""
    page = (ROOT / "reports" / "index.html").read_text(encoding="utf-8")
    (ROOT / "docs" / "size-against-score.svg").write_text(figure(page), encoding="utf-8")


def figure(page: str) -> str:
    """The chart of sizes as a file of its own.

    Args:
        page: The report as HTML.

    Returns:
        SVG with a white background; the page's light colours are written into it.
    """
    colours = dict(re.findall(r"(--[a-z0-9-]+):\s*([^;]+);", page.split("@media", 1)[0]))
    chart = re.search(r'id="sizes".*?(<svg.*?</svg>)', page, re.DOTALL)
    if chart is None:
        raise SystemExit("reports/index.html: no chart of sizes; run `make run`, which writes it")
    svg = re.sub(r"var\((--[a-z0-9-]+)[^)]*\)", lambda variable: colours[variable.group(1)], chart.group(1))
    if "xmlns=" not in svg:
        namespaces = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
        svg = svg.replace("<svg", f"<svg {namespaces}", 1)
    background = '<rect width="100%" height="100%" fill="#ffffff"/>'
    return re.sub(r"(<svg[^>]*>)", lambda tag: tag.group(1) + background, svg, count=1) + "\n"


if __name__ == "__main__":
    main()

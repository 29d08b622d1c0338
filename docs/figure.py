"""Writes docs/size-against-score.svg, the README's figure, from the results of `make run`.

.venv/bin/python docs/figure.py
"""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]


def main() -> None:
    """Takes the first chart out of the report, with the page's light colours written into it."""
    page = (ROOT / "reports" / "index.html").read_text(encoding="utf-8")
    colours = dict(re.findall(r"(--[a-z0-9-]+):\s*([^;]+);", page.split("@media", 1)[0]))
    chart = re.search(r'id="sizes".*?(<svg.*?</svg>)', page, re.DOTALL)
    assert chart is not None
    text = re.sub(r"var\((--[a-z0-9-]+)[^)]*\)", lambda found: colours[found.group(1)], chart.group(1))
    if "xmlns=" not in text:
        spaces = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
        text = text.replace("<svg", f"<svg {spaces}", 1)
    background = '<rect width="100%" height="100%" fill="#ffffff"/>'
    text = re.sub(r"(<svg[^>]*>)", lambda found: found.group(1) + background, text, count=1)
    (ROOT / "docs" / "size-against-score.svg").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

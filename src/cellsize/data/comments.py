"""Lines of comment in a text file."""

from collections.abc import Iterable, Iterator


def left_out(lines: Iterable[str], comment: str, separator: str) -> Iterator[str]:
    """The lines of a text file, those of comment empty, so that all others keep their number.

    A quoted value may hold line breaks: what begins as a comment inside of one is part of the value.

    Args:
        lines: Each with its line break.
        comment: The sign that a line of comment begins with, behind any blanks.
        separator: Between values.
    """
    inside = False
    for line in lines:
        if not inside and line.lstrip().startswith(comment):
            yield "\n"
            continue
        if inside or '"' in line:
            inside = _ends_inside(line, separator, inside)
        yield line


def _ends_inside(line: str, separator: str, inside: bool) -> bool:
    """Whether a quoted value is still open at the end of a line; a quote opens one at the begin of a value only.

    Args:
        line: The line.
        separator: Between values.
        inside: Whether one was open at its begin.
    """
    at, begins = 0, True
    while at < len(line):
        if inside:
            at = line.find('"', at) + 1
            if not at:
                return True
            if line.startswith('"', at):  # two quotes are one, and part of the value
                at += 1
            else:
                inside = begins = False
        elif begins and line[at] == '"':
            inside, at = True, at + 1
        elif begins and line[at] == " ":
            at += 1
        else:
            at, begins = line.find(separator, at) + 1, True
            if not at:
                return False
    return inside

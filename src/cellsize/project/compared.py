"""Whether the holdout is long enough to tell a later version from the champion, and what `init` makes of it."""

from cellsize.project.template import Value

# Groups of sequences, of which one tells nothing of the next; so few were simulated (`benchmarks.gate`).
# Neighbouring blocks of time are alike, and of so few the gate would be too sure.
LEAST_GROUPS = 10


def compared(found: int, asked: int, least: int, what: str, more: str = "") -> tuple[dict[str, Value], list[str]]:
    """How many blocks a comparison needs here, and a line on it.

    Args:
        found: Blocks of time, or groups of sequences, of the holdout.
        asked: As many as `register.blocks` asks for.
        least: As few as a comparison may do with.
        what: What one of them is, in a word.
        more: What is said of it, in words.

    Returns:
        Keys of `params.yaml` with their values, and lines for the user; nothing where there are enough.
    """
    if found >= asked:
        return {}, []
    changed: dict[str, Value] = {"register.blocks": least} if least < asked else {}
    has = f"the holdout has {found} {what}{'s' * (found != 1)}{more}"
    if found >= least:
        return changed, [f"register.blocks: {least}, since {has}: a comparison with the champion needs no more"]
    return changed, [
        f"remark: {has}, and a comparison with the champion needs {least} (register.blocks): until there are more "
        "rows, `cellsize promote` decides"
    ]

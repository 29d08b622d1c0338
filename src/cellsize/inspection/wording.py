"""What was found about the window and about the data, in lines that a person reads."""

from collections.abc import Sequence

from cellsize.data import collection
from cellsize.sizing.inspection_records import Inspection, NeverThere, Remarks

INFORMATION = ("window.linear_lookback", "prepare.linear_calendar")
NO_HOLIDAYS = (
    "holidays were not compared, since nothing says of which country; to compare them set prepare.holidays, such as US"
)
NOTHING = "the window shows what the linear model can use: no option that was tried is worth 2 %"


def findings(inspection: Inspection) -> list[str]:
    """One line for each thing that is worth telling."""
    lines = [f"{_named(advice.key, advice.value)} is worth {percent(advice.gain)} to the linear model"
             f"{_in_addition(index)}" for index, advice in enumerate(inspection.advice)]  # fmt: skip
    if inspection.advice and inspection.advice[0].key in INFORMATION:
        lines[0] += "; more than any number of memory cells may be"
    new = [season for season in inspection.seasons if season not in inspection.declared_seasons]
    if new:
        lines.append(f"seasons of {_listed(inspection.seasons)} steps in the autocorrelation; no baseline has "
                     f"{_listed(new)}")  # fmt: skip
    return [*(lines or [NOTHING]), *([NO_HOLIDAYS] if inspection.holidays is None else [])]


def changes(inspection: Inspection) -> list[str]:
    """The lines of `params.yaml` to change, as `section.key: value`."""
    lines = [f"{advice.key}: {advice.value}" for advice in inspection.advice]
    if any(season not in inspection.declared_seasons for season in inspection.seasons):
        # The first one is MASE's and the classical model's: it stays the first.
        every = dict.fromkeys((*inspection.declared_seasons, *inspection.seasons))
        lines.append(f"baseline.seasons: [{', '.join(map(str, every))}]")
    return lines


def printed(inspection: Inspection) -> str:
    """What the stage prints."""
    lines, settings = (
        [f"inspect: {line}" for line in (*remarks(inspection.remarks), *findings(inspection))],
        changes(inspection),
    )
    if settings:
        lines += ["inspect: to follow this, set in params.yaml", *(f"  {line}" for line in settings)]
    return "\n".join(lines)


def remarks(content: Remarks) -> list[str]:
    """One sentence for each thing that is odd about the data."""
    lines = []
    for told in content.given_away:
        names = _listed([f"{name!r}" for name in told.covariates])
        one = len(told.covariates) == 1
        lines.append(
            f"{'the known-future covariate' if one else 'the known-future covariates'} {names} "
            f"{'gives' if one else 'give'} the target {told.target!r} away: "
            f"{_at_most(told.explained)} of its variance at the same step is explained; if "
            f"{'it is' if one else 'they are'} not really known in future, every score is too good: remove "
            f"{'it' if one else 'them'} from prepare.known_future_covariates"
        )
    lines += [_of_never_there(each) for each in content.never_there]
    for name, part in content.mostly_missing.items():
        lines.append(f"the target {name!r} is missing in {percent(part)} of the rows before the holdout")
    for name, values in content.few_values.items():
        lines.append(
            f"the target {name!r} has {len(values)} values only ({_shown(values)}); forecasts are means, which lie "
            "between them"
        )
    for name, part in content.mostly_zero.items():
        lines.append(
            f"the target {name!r} is 0 in {percent(part)} of its rows; for such a target compare the MAE and the "
            "baselines in its own unit, since a forecast of 0 is hard to beat"
        )
    out = [collection.LeftOut(each.series, each.reason) for each in content.series_left_out]
    unscored = {name: list(numbers) for name, numbers in content.unscored.items()}
    of_series = (collection.sentence(out, content.left_out, content.series), collection.unscored_sentence(unscored))
    return [*lines, *filter(None, of_series)]


def _of_never_there(told: NeverThere) -> str:
    if told.known_future:
        return (
            f"the known-future covariate {told.covariate!r} is not given for all of the {told.steps} steps to come in "
            "any series that has rows of them: a forecast made now would be refused; give it there, or remove it from "
            "prepare.known_future_covariates"
        )
    return (
        f"the covariate {told.covariate!r} is missing in the last {told.steps} rows of every series, all that a window "
        "sees: a forecast made now would be without it; if it always comes so late, every score that it improves is "
        "too good: remove it from prepare.past_covariates or prepare.categorical_covariates"
    )


def note(inspection: Inspection) -> str:
    """The advice that was not followed, in one line for the answer; empty if there is none."""
    if not inspection.advice:
        return ""
    settings = ", ".join(f"{advice.key}: {advice.value}" for advice in inspection.advice)
    return f"{settings} would be worth {percent(inspection.gain)} to the linear model (stage inspect)"


def percent(gain: float) -> str:
    """A gain in per cent, with its sign only if it is a loss."""
    shown = 100 * gain
    text = f"{shown:.1f} %" if abs(shown) < 9.95 else f"{shown:.0f} %"
    return text.replace("-", "−")


def _at_most(part: float) -> str:
    """A fraction in per cent, never rounded up to all of it."""
    return "more than 99.9 %" if part > 0.999 else f"{100 * part:.1f} %"


def _shown(values: tuple[float, ...], most: int = 6) -> str:
    texts = [f"{value:g}" for value in values]
    return ", ".join(texts if len(texts) <= most else [*texts[: most - 1], "…", texts[-1]])


def _named(key: str, value: str) -> str:
    match key:
        case "window.linear_lookback":
            return "no more lookback than the cells have" if value == "null" else f"lookback {value}"
        case "prepare.linear_calendar":
            return "no linear calendar" if value == "[]" else f"linear calendar {value}"
        case "prepare.holidays":
            return "leaving the holidays out" if value == "null" else f"knowing the holidays of {value}"
        case _:
            return f"{key.split('.')[1]} {value}"


def _in_addition(index: int) -> str:
    return "" if index == 0 else " in addition"


def _listed(values: Sequence[object]) -> str:
    *others, last = map(str, values)
    return f"{', '.join(others)} and {last}" if others else last

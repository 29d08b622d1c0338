"""Which values of `params.yaml` suit which task: what a task cannot do yet is refused before anything is read."""

from typing import Any

from cellsize.params_data import Section

# The only values that keys may have. What is not here may be anything.
OF_A_FORECAST: dict[str, tuple[Any, ...]] = {
    "prepare.group": (None,),
    "prepare.text": (None,),
    "split.holdout_part": (None,),
    "split.duplicates": ("group",),
}
OF_A_TEXT: dict[str, tuple[Any, ...]] = {
    "prepare.time": (None,),
    "prepare.past_covariates": ((),),
    "prepare.categorical_covariates": ((),),
    "prepare.static_covariates": ((),),
}
OF_A_CLASSIFICATION: dict[str, tuple[Any, ...]] = {
    "prepare.known_future_covariates": ((),),
    "prepare.series_as_input": (False,),
    "prepare.calendar": ((),),
    "prepare.linear_calendar": ((),),
    "prepare.holidays": (None,),
    "prepare.timezone": (None,),
    "prepare.time_format": (None,),
    "prepare.frequency": ("step",),
    "window.linear_lookback": (None,),
    "window.horizon": (1,),
    "window.transform": ("none",),
    "window.normalise": ("none",),
    "window.scale": ("global",),
    "split.scheme": ("stratified",),
    "split.holdout_of": ("table",),
    "baseline.classical": ("none",),
    "choose.metric": ("log_loss",),
}
# What `register.beat` may name.
BEATEN = {
    "forecast": ("naive", "seasonal_naive", "ridge_linear", "boosted_trees", "classical"),
    "classify": ("majority_class", "logistic_regression", "boosted_trees"),
    "regress": ("mean", "median", "ridge_linear", "boosted_trees"),
}
BEST_CONSTANT = {"mse": "mean", "mae": "median"}  # of a number, for each error that may count
# Of a number there is more to choose: the error that counts, a transformation, and folds that ask for no classes.
OF_A_REGRESSION: dict[str, tuple[Any, ...]] = OF_A_CLASSIFICATION | {
    "prepare.text": (None,),
    "window.transform": ("none", "log1p", "sqrt"),
    "split.scheme": ("stratified", "shuffled"),
    "choose.metric": ("mse", "mae"),
}
KNOWN = {"forecast": OF_A_FORECAST, "classify": OF_A_CLASSIFICATION, "regress": OF_A_REGRESSION}


def misfit(params: Any) -> str | None:
    """What does not suit the task, as a message that names the key and a value that does; None if all does.

    Args:
        params: A `params.Params`, whose module imports this one.
    """
    if params.task == "forecast":
        if params.split.scheme == "stratified":
            return "split.scheme: stratified is for tasks with whole sequences; set contiguous, or another scheme"
        if params.choose.metric == "log_loss":
            return "choose.metric: log_loss is for task: classify; set mse or mae"
        return _other(params, OF_A_FORECAST)
    task, is_text = params.task, params.prepare.text is not None
    if params.prepare.series is None and not is_text:
        return f"prepare.series: null, but task: {task} has many sequences; name the column that tells them apart"
    if len(params.prepare.targets) != 1:
        return f"prepare.targets: {len(params.prepare.targets)} columns, but a sequence has one label; name one"
    if not params.prepare.past_covariates and not params.prepare.categorical_covariates and not is_text:
        return f"prepare.past_covariates: empty, but task: {task} reads them at each step; name the features"
    if isinstance(params.prepare.time, tuple):
        return f"prepare.time: several columns, but task: {task} has steps in one; name it, or set null"
    if "encoder_decoder" in params.propose.network.head:
        return "propose.network.head: encoder_decoder is for task: forecast, which has steps to decode; leave it out"
    return _other(params, KNOWN[task] | (OF_A_TEXT if is_text and task == "classify" else {}))


def _other(params: Any, only: dict[str, tuple[Any, ...]]) -> str | None:
    """The first key that has another value than those that a task knows, or names a baseline that it has not."""
    for key, values in only.items():
        section, _, name = key.partition(".")
        found = getattr(getattr(params, "register_" if section == "register" else section), name)
        if found not in values:
            return f"{key}: {_yaml(found)} does not suit task: {params.task}; set {key}: {_yaml(values[0])}"
    beaten, constant = BEATEN[params.task], BEST_CONSTANT.get(params.choose.metric)
    for name in params.register_.beat:
        if name in BEST_CONSTANT.values() and name != constant and name in beaten:
            return f"register.beat: {name} is not the best constant for {params.choose.metric}; name {constant}"
        if name not in beaten:
            return f"register.beat: {name} is no baseline of task: {params.task}; name some of {', '.join(beaten)}"
    return None


def _yaml(value: object) -> str:
    """A value as `params.yaml` has it."""
    if isinstance(value, tuple):
        return f"[{', '.join(map(_yaml, value))}]"
    if isinstance(value, Section):
        return f"{{{', '.join(f'{key}: {_yaml(each)}' for key, each in value.model_dump().items())}}}"
    if value is None:
        return "null"
    return str(value).lower() if isinstance(value, bool) else str(value)

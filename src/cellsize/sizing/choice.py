"""The choice as a record: what was chosen, what it was compared with, what guessing would have cost."""

from collections.abc import Mapping, Sequence
from typing import Literal

import pandas as pd

from cellsize.errors import InputError
from cellsize.params import Choose, Search, Skip, Training
from cellsize.sizing import adequacy, caveats, compute, procedures
from cellsize.sizing.candidate_records import Candidate, Candidates, RuleOfThumb
from cellsize.sizing.candidates import alpha_implied
from cellsize.sizing.choice_records import (
    Budget,
    Choice,
    Ladder,
    LadderStep,
    LargerSize,
    LeftOut,
    ScoredRule,
    ScoredSize,
    TriedSize,
    UndecidedSize,
)
from cellsize.sizing.climb import Cut
from cellsize.sizing.decision import Decision, choose
from cellsize.sizing.recipe import Recipe
from cellsize.sizing.rules import apply, lowest, within_one_standard_error
from cellsize.sizing.scores import Scores, compare, failure_rates, from_trials, ladders, marked, preferred
from cellsize.sizing.sizes import BYTES_EACH, ZERO, Size


def decide(
    trials: pd.DataFrame, timings: pd.DataFrame, candidates: Candidates, rule: Choose, folds: int, search: Search
) -> Choice:
    """The content of `choice.json`.

    Args:
        trials: Rows of `trials.csv`.
        timings: Rows of `timings.csv`; read only if the budget is in milliseconds.
        candidates: The sizes that may be trained, and the bounds.
        rule: The rule and its numbers.
        folds: Number of folds that every size must have.
        search: How the sizes were searched and trained.

    Raises:
        InputError: A size is incomplete or unknown, or none is within the budget.
    """
    procedure, training, trials = search.procedure, search.training, marked(trials)
    scores = from_trials(trials, "build/trials.csv", folds)
    by_size = {candidate.size: candidate for candidate in (*candidates.alpha_ladder, *candidates.candidates)}
    unknown = [tried.size for tried in scores if tried.size not in by_size]
    if unknown:
        raise InputError(f"build/trials.csv: size {unknown[0]} is not a candidate; run search again")
    costs = _costs(scores, timings, rule)
    decision = choose(scores, rule, costs)
    chosen, best, size = decision.chosen, decision.best, decision.chosen.size
    tried = {scored.size: scored for scored in scores}
    open_end = caveats.open_end(best.size, tried, candidates, procedure)
    uneven = caveats.uneven(chosen, best) if rule.rule == "one_standard_error" else ""
    rates = failure_rates(trials)
    # An MLP is given up for memory cells only if these learn what it does not.
    unreliable = caveats.unreliable(size, rates if size.has_memory else failure_rates(trials, size))
    little = caveats.learnt_little(size, rates)
    # What the work limit left out may have been trained as a guess.
    cuts = tuple(cut for cut in procedures.cuts(tried, candidates, search) if cut.size not in tried)
    cut_short = caveats.cut_short(
        cuts, procedures.came_to(procedure, tried, candidates), candidates, search,
        procedures.added(tried, candidates, search),
    )  # fmt: skip
    # Of a ladder that the work limit ended there is more to say than that its last size is the best.
    ended = "" if any(cut.size.layers == best.size.layers and not cut.is_below for cut in cuts) else open_end
    caution = " ".join(filter(None, (cut_short, ended, uneven, little, unreliable)))
    finding = procedures.finding(tried, candidates, search)
    probabilities = adequacy.probabilities(scores, adequacy.margin(rule))
    undecided = adequacy.undecided(scores, rule) if rule.rule == "adequate" else ()
    left_open = bool(unreliable) and not size.has_memory
    at_least = any(cut.was_helping for cut in cuts) or (bool(open_end) and size == best.size)
    larger_cuts = [cut for cut in cuts if not cut.is_below]
    helping = [cut for cut in cuts if cut.was_helping]
    # The best is its ladder's last size: whether that helped more than its standard error makes no difference then.
    after_best = [cut for cut in larger_cuts if at_least and cut.size.layers == best.size.layers]
    unclear = [] if at_least or not size.has_memory else larger_cuts
    lengths = _lengths(trials)
    return Choice(
        **recipe_of(trials, size).model_dump(),
        metric=rule.metric,
        cell=candidates.network.cell,
        parameters=chosen.parameters,
        recurrent=chosen.recurrent,
        linear=_linear_weights(trials, by_size[size]),
        score=chosen.mean,
        score_se=chosen.standard_error,
        best=_scored(best),
        zero_cells=_scored(tried[ZERO]),
        zero_cells_see="window" if candidates.network.has_linear_skip else "known_future",
        mlp=min(
            (_scored(scored) for scored in scores if scored.size != ZERO and not scored.size.has_memory),
            key=lambda scored: (scored.score, scored.units),
            default=None,
        ),
        ladders=_ladders(trials, folds, rule, costs),
        prolonged=float((lengths > training.steps).mean()) if len(lengths) else 0.0,
        median_steps=int(lengths.quantile(0.5, interpolation="lower")) if len(lengths) else 0,
        ended_by_maximum=_ended_by_maximum(trials, training),
        ended_by_patience=_ended_by_patience(trials, training.patience),
        difference=decision.difference.mean,
        difference_se=decision.difference.standard_error,
        larger=_larger(decision, adequacy.margin(rule).of(chosen.mean)),
        margin=adequacy.margin(rule).of(best.mean),
        decided=not undecided and not left_open,
        undecided_sizes=tuple(
            UndecidedSize(layers=size.layers, units=size.units, probability=probabilities[size]) for size in undecided
        ),
        undecided_since=_undecided_since(scores, rule, search) if undecided else None,
        bound=candidates.bound.units,
        bound_binding=by_size[size].at_bound,
        alpha_implied=alpha_implied(candidates.n_samples, size, candidates.n_inputs, candidates.n_outputs),
        rule=rule.rule,
        budget=Budget(unit=rule.budget, limit=rule.limit, cost=costs[size]) if rule.rule == "budget" else None,
        procedure=procedure,
        reason=" ".join(filter(None, (decision.reason, finding, caution))),
        caution=caution,
        at_least=at_least,
        left_out=_left_out(helping or after_best, candidates, search),
        not_ruled_out=_left_out(unclear, candidates, search),
        cells_left_open=left_open,
        rules_of_thumb=tuple(_scored_rule(thumb, tried, chosen) for thumb in candidates.rules_of_thumb),
        sizes=tuple(
            _tried(
                scored,
                best,
                by_size[scored.size],
                recipe_of(trials, scored.size),
                failure_rate=rates.get(scored.size, 0.0),
                probability=probabilities[scored.size],
                verdict=adequacy.verdict(probabilities[scored.size], rule),
            )
            for scored in scores
        ),
    )


def _costs(scores: list[Scores], timings: pd.DataFrame, rule: Choose) -> dict[Size, float]:
    """What each size costs in the budget's unit, with the setting most folds chose; parameters if there is none."""
    if rule.rule == "budget" and rule.budget == "milliseconds":
        columns = (timings[key] for key in ("layers", "units", "milliseconds"))
        return {Size(int(layers), int(units)): float(cost) for layers, units, cost in zip(*columns, strict=True)}
    each = BYTES_EACH if rule.budget == "bytes" else 1
    return {scored.size: float(each * scored.parameters) for scored in scores}


def recipe_of(trials: pd.DataFrame, size: Size) -> Recipe:
    """For the refit: the setting that most folds chose (then the lowest early-stopping score), its median steps."""
    rows = _rows(trials, size)
    with_setting = preferred(rows)
    setting = with_setting.iloc[0]
    reached, start = learnt(trials, size, setting["skip"])
    # Networks without a linear skip connection have no penalty, and no say in it.
    penalised = rows[rows["penalty"] > 0] if size == ZERO or setting["skip"] != "none" else rows.iloc[:0]
    penalties = penalised.groupby("penalty")["fold"].nunique().sort_values(ascending=False, kind="stable")
    return Recipe(
        layers=size.layers,
        units=size.units,
        learning_rate=float(setting["learning_rate"]),
        dropout=float(setting["dropout"]),
        weight_decay=float(setting["weight_decay"]),
        skip=setting["skip"],
        head=setting["head"],
        # One of the trainings': a mean of two is not a whole number of checks.
        steps=int(with_setting["steps"].quantile(0.5, interpolation="lower")),
        penalty=float(penalties.index.to_numpy(float)[0]) if len(penalties) else 0.0,
        early_stopping_score=reached,
        start_score=start,
    )


def learnt(trials: pd.DataFrame, size: Size, skip: Skip) -> tuple[float | None, float | None]:
    """What the trainings of a size have learnt: `Recipe.early_stopping_score` and `Recipe.start_score`.

    Of all of them, whatever their settings: one that a single fold has chosen would be measured where it was best.

    Args:
        trials: Rows as `training.records.Row` describes them, after `scores.marked`.
        size: The size.
        skip: Says which kind of its networks, beside a linear model or beside nothing.
    """
    if size == ZERO:
        return None, None
    rows, alone, beside = _rows(trials, size), _rows(trials, ZERO), skip != "none"
    of_kind = rows[(rows["skip"] != "none") == beside]
    return _median(of_kind), _median(alone) if beside and len(alone) else None


def _median(rows: pd.DataFrame) -> float:
    """The median early-stopping score of the folds, each of which has that of its trainings."""
    return float(rows.groupby("fold")["early_stopping_score"].median().median())


def _rows(trials: pd.DataFrame, size: Size) -> pd.DataFrame:
    return trials[(trials["layers"] == size.layers) & (trials["units"] == size.units) & (trials["status"] == "ok")]


def _linear_weights(trials: pd.DataFrame, candidate: Candidate) -> int:
    """Weights of the linear model beside a size, with the setting that most folds chose; 0 beside nothing."""
    is_plain = candidate.size != ZERO and recipe_of(trials, candidate.size).skip == "none"
    return 0 if is_plain else candidate.linear


def _ladders(trials: pd.DataFrame, folds: int, rule: Choose, costs: dict[Size, float]) -> tuple[Ladder, ...]:
    """Both kinds' sizes with memory cells, and what the rule chooses of each alone."""
    result = []
    for kind, scores in ladders(trials, folds).items():
        if not scores:
            continue
        best = lowest(scores)
        # A budget may be below every size with memory cells.
        within = rule if rule.rule != "budget" else rule.model_copy(update={"rule": "one_standard_error"})
        chosen = apply(scores, within, costs).size
        steps = []
        for scored in scores:
            difference = compare(scored, best)
            steps.append(
                LadderStep(
                    **_scored(scored).model_dump(),
                    recurrent=scored.recurrent,
                    difference=difference.mean,
                    difference_se=difference.standard_error,
                )
            )
        result.append(Ladder(kind=kind, layers=chosen.layers, units=chosen.units, steps=tuple(steps)))  # type: ignore[arg-type]
    return tuple(result)


def _left_out(cuts: Sequence[Cut], candidates: Candidates, search: Search) -> LeftOut | None:
    """The size that would have come next, the first of several; None if there is none."""
    if not cuts:
        return None
    size = cuts[0].size
    minutes = compute.minutes(compute.table(candidates, search.training)[size])
    return LeftOut(layers=size.layers, units=size.units, minutes=round(minutes, 1))


def _undecided_since(
    scores: list[Scores], rule: Choose, search: Search
) -> Literal["maximum_seeds", "work_limit", "folds"]:
    """Why no more seeds were added; see `Choice.undecided_since`."""
    would_help = adequacy.more_seeds(scores, rule)
    if not would_help:
        return "folds"
    counts = {scored.size: scored.n_seeds for scored in scores}
    return "work_limit" if any(counts[size] < search.maximum_seeds for size in would_help) else "maximum_seeds"


def _lengths(trials: pd.DataFrame) -> "pd.Series[int]":
    """Optimizer steps of the scored networks' trainings."""
    return trials.loc[(trials["units"] > 0) & (trials["status"] == "ok"), "trained"]


def _ended_by_patience(trials: pd.DataFrame, patience: int) -> float:
    """Fraction of the scored networks' trainings whose best step lies `search.training.patience` before their end."""
    trained = trials[(trials["units"] > 0) & (trials["status"] == "ok")]
    return float((trained["trained"] - trained["steps"] >= patience).mean()) if len(trained) else 0.0


def _ended_by_maximum(trials: pd.DataFrame, training: Training) -> float:
    """Fraction of the scored networks' trainings that `search.training.maximum_steps` ended, before patience did."""
    trained = trials[(trials["units"] > 0) & (trials["status"] == "ok")]
    is_young = trained["trained"] - trained["steps"] < training.patience
    return float(((trained["trained"] >= training.maximum_steps) & is_young).mean()) if len(trained) else 0.0


def _scored(scores: Scores) -> ScoredSize:
    return ScoredSize(
        layers=scores.size.layers,
        units=scores.size.units,
        parameters=scores.parameters,
        score=scores.mean,
        score_se=scores.standard_error,
    )


def _tried(
    scores: Scores,
    best: Scores,
    candidate: Candidate,
    recipe: Recipe,
    failure_rate: float,
    probability: float,
    verdict: adequacy.Verdict,
) -> TriedSize:
    difference = compare(scores, best)
    linear = 0 if recipe.skip == "none" and scores.size != ZERO else candidate.linear
    return TriedSize(
        **_scored(scores).model_dump(),
        recurrent=scores.recurrent,
        head=scores.parameters - scores.recurrent - linear,
        linear=linear,
        learning_rate=recipe.learning_rate,
        skip=recipe.skip,
        head_type=recipe.head,
        seeds=scores.n_seeds,
        failure_rate=failure_rate,
        probability=probability,
        verdict=verdict,
        difference=difference.mean,
        difference_se=difference.standard_error,
        within=within_one_standard_error(scores, best),
    )


def _larger(decision: Decision, margin: float) -> LargerSize | None:
    """The larger size most likely to be better by more than the margin, and how likely."""
    if decision.larger is None or decision.larger_probability is None:
        return None
    size = decision.larger.size
    return LargerSize(layers=size.layers, units=size.units, margin=margin, probability=decision.larger_probability)


def _scored_rule(thumb: RuleOfThumb, tried: Mapping[Size, Scores], chosen: Scores) -> ScoredRule:
    """A rule of thumb, with what its size scored if that was tried."""
    scores = tried.get(thumb.size)
    difference = None if scores is None else compare(scores, chosen)
    return ScoredRule(
        **thumb.model_dump(),
        score=None if scores is None else scores.mean,
        difference=None if difference is None else difference.mean,
        difference_se=None if difference is None else difference.standard_error,
    )

"""How params.yaml is read; see test_bad_input.py for what is refused."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cellsize import params_file
from cellsize.errors import InputError

ROOT = Path(__file__).parents[1]
Write = Callable[[dict[str, Any]], Path]
Content = Callable[[], dict[str, Any]]


def test_a_full_file_is_read_key_by_key(write_params: Write, params_content: Content) -> None:
    loaded = params_file.load(write_params(params_content()))
    assert loaded.model_dump(mode="json", by_alias=True) == params_content()


def test_lists_become_tuples_so_that_nobody_changes_them(write_params: Write, params_content: Content) -> None:
    loaded = params_file.load(write_params(params_content()))
    assert loaded.prepare.targets == ("y",)
    assert loaded.propose.alpha == (2.0, 10.0)
    assert loaded.search.training.learning_rates == (1e-3, 3e-3)


def test_the_time_may_be_spread_over_columns(write_params: Write, params_content: Content) -> None:
    content = params_content()
    content["prepare"]["time"] = ["year", "month", "day", "hour"]
    assert params_file.load(write_params(content)).prepare.time == ("year", "month", "day", "hour")


def test_a_number_with_an_exponent_and_no_point_is_a_number(write_params: Write, params_content: Content) -> None:
    # YAML 1.1 reads 1e-3 as text; DVC reads YAML 1.2, and so must we.
    path = write_params(params_content())
    text = path.read_text().replace("max_gradient_norm: 1.0", "max_gradient_norm: 1e-3")
    assert "max_gradient_norm: 1e-3" in text
    path.write_text(text)
    assert params_file.load(path).search.training.max_gradient_norm == 1e-3


def test_whole_numbers_serve_where_fractions_may_stand(write_params: Write, params_content: Content) -> None:
    content = params_content()
    content["propose"]["growth"] = 2
    content["search"]["training"]["weight_decays"] = [0]
    loaded = params_file.load(write_params(content))
    assert isinstance(loaded.propose.growth, float)
    assert loaded.search.training.weight_decays == (0.0,)


def test_parameters_cannot_be_changed_once_read(write_params: Write, params_content: Content) -> None:
    loaded = params_file.load(write_params(params_content()))
    with pytest.raises(Exception, match="frozen"):
        loaded.split.folds = 3


@pytest.mark.parametrize(
    ("section", "changes", "message"),
    [
        ("prepare", {"past_covariates": ["y"]}, "prepare: column 'y' is named twice"),
        ("propose", {"alpha": [10, 2]}, "propose: alpha: the loose one comes first"),
    ],
)
def test_keys_of_a_section_must_fit_each_other(
    write_params: Write, params_content: Content, section: str, changes: dict[str, Any], message: str
) -> None:
    content = params_content()
    content[section] |= changes
    with pytest.raises(InputError, match=message):
        params_file.load(write_params(content))


def test_a_projection_needs_an_lstm(write_params: Write, params_content: Content) -> None:
    content = params_content()
    content["propose"]["network"] |= {"cell": "gru", "projection": 4}
    with pytest.raises(InputError, match=r"propose\.network: projection needs cell: lstm"):
        params_file.load(write_params(content))


@pytest.mark.parametrize("rungs", [[30, 20], [20, 20], [110]])
def test_rungs_rise_within_the_steps(write_params: Write, params_content: Content, rungs: list[int]) -> None:
    content = params_content()
    content["search"]["training"]["rungs"] = rungs
    assert refusal(write_params(content)).startswith(
        "search.training: rungs: give rising numbers of steps, none above steps"
    )


@pytest.mark.parametrize(
    ("section", "changes"),
    [
        ("search.training", {"learning_rates": [1e-3, 1e-2]}),
        ("search.training", {"dropouts": [0.0, 0.2]}),
        ("search.training", {"weight_decays": [0.0, 0.2]}),
        ("propose.network", {"skip": ["none", "joint"]}),
        ("propose.network", {"head": ["plain", "mixed"]}),
    ],
)
def test_several_settings_need_a_rung_and_one_needs_none(
    write_params: Write, params_content: Content, section: str, changes: dict[str, Any]
) -> None:
    content = params_content()
    content["search"]["training"] |= {"learning_rates": [1e-3], "rungs": []}
    assert params_file.load(write_params(content)).search.training.rungs == ()
    parent, name = section_of(content, section)
    parent[name] |= changes
    assert refusal(write_params(content)) == (
        "search.training.rungs: with several settings to try, give at least one step to decide at"
    )


@pytest.mark.parametrize("key", ["steps", "maximum_steps", "patience", "rungs"])
def test_steps_are_whole_checks(write_params: Write, params_content: Content, key: str) -> None:
    content = params_content()
    training = content["search"]["training"]
    training[key] = [25] if key == "rungs" else training[key] + 5
    if key == "steps":
        training["maximum_steps"] = 200
    wanted = "give multiples of" if key == "rungs" else "give a multiple of"
    assert refusal(write_params(content)).startswith(f"search.training: {key}: {wanted} check_every (10 steps)")


def test_the_maximum_is_at_least_the_steps(write_params: Write, params_content: Content) -> None:
    content = params_content()
    content["search"]["training"]["maximum_steps"] = 90
    assert refusal(write_params(content)).startswith("search.training: maximum_steps: give at least steps")


@pytest.mark.parametrize(
    ("choose", "said"),
    [
        ({"quantiles": [0.5]}, "choose: quantiles are for metric: quantile, not mse; set quantiles: null"),
        (
            {"metric": "quantile"},
            "choose: quantiles: null, but metric: quantile needs levels; set quantiles: [0.1, 0.5, 0.9]",
        ),
        ({"metric": "quantile", "quantiles": [0.1, 0.9]}, "choose: quantiles: give rising levels, 0.5 among them"),
        ({"metric": "quantile", "quantiles": [0.5, 0.1]}, "choose: quantiles: give rising levels, 0.5 among them"),
        ({"metric": "quantile", "quantiles": [0.5, 1.0]}, "choose.quantiles.1: "),
    ],
)
def test_quantiles_have_levels_and_no_other_metric_does(
    write_params: Write, params_content: Content, choose: dict[str, Any], said: str
) -> None:
    content = params_content()
    content["choose"] |= choose
    assert refusal(write_params(content)).startswith(said)


def test_quantiles_ask_for_baselines_and_a_scale_that_have_them(write_params: Write, params_content: Content) -> None:
    content = params_content()
    content["choose"] |= {"metric": "quantile", "quantiles": [0.1, 0.5, 0.9]}
    assert refusal(write_params(content)) == (
        "baseline.classical: AutoETS gives no quantiles (choose.metric); set none"
    )
    content["baseline"]["classical"], content["window"]["scale"] = "none", "series"
    content["window"]["normalise"] = "none"
    assert refusal(write_params(content)) == (
        "window.scale: series is not for choose.metric: quantile; set window.scale: global"
    )
    content["window"]["scale"] = "global"
    assert params_file.load(write_params(content)).choose.quantiles == (0.1, 0.5, 0.9)


@pytest.mark.parametrize(
    ("changes", "key"), [({"bidirectional": True}, "bidirectional: true"), ({"projection": 2}, "projection: 2")]
)
def test_a_decoder_needs_one_state_to_carry_on(
    write_params: Write, params_content: Content, changes: dict[str, Any], key: str
) -> None:
    content = params_content()
    content["propose"]["network"] |= {"head": ["encoder_decoder"], **changes}
    remedy = key.replace("true", "false").replace("2", "0")
    assert refusal(write_params(content)) == (
        f"propose.network: {key} has no state that a decoder could carry on; set {remedy}, or leave encoder_decoder "
        "out of head"
    )
    content["propose"]["network"] |= {"bidirectional": False, "projection": 0}
    assert params_file.load(write_params(content)).propose.network.head == ("encoder_decoder",)


@pytest.mark.parametrize(("key", "values"), [("skip", ["none", "none"]), ("head", ["mixed", "mixed"])])
def test_what_is_tuned_is_named_once(write_params: Write, params_content: Content, key: str, values: list[str]) -> None:
    content = params_content()
    content["propose"]["network"][key] = values
    assert refusal(write_params(content)).startswith(f"propose.network: {key}: name each once")


@pytest.mark.parametrize("key", ["skip", "head"])
def test_what_is_tuned_is_at_least_one(write_params: Write, params_content: Content, key: str) -> None:
    content = params_content()
    content["propose"]["network"][key] = []
    assert refusal(write_params(content)).startswith(f"propose.network.{key}: ")


def test_one_skip_connection_or_head_may_stand_without_a_list(write_params: Write, params_content: Content) -> None:
    content = params_content()
    content["propose"]["network"] |= {"skip": "joint", "head": "mixed"}
    network = params_file.load(write_params(content)).propose.network
    assert (network.skip, network.head) == (("joint",), ("mixed",))


@pytest.mark.parametrize(
    ("skip", "expected"), [(["none"], False), (["none", "joint"], True), (["linear"], True), (["joint"], True)]
)
def test_a_network_has_a_linear_skip_connection_if_some_setting_has(
    write_params: Write, params_content: Content, skip: list[str], expected: bool
) -> None:
    content = params_content()
    content["propose"]["network"]["skip"] = skip
    assert params_file.load(write_params(content)).propose.network.has_linear_skip == expected


def test_a_season_may_be_longer_than_a_window(write_params: Write, params_content: Content) -> None:
    content = params_content()
    content["baseline"]["seasons"] = [24, 168, 8760]
    assert params_file.load(write_params(content)).baseline.seasons == (24, 168, 8760)


@pytest.mark.parametrize(("seasons", "why"), [([], "at least 1 item"), ([24, 24], "name each season once")])
def test_seasons_are_some_and_each_named_once(
    write_params: Write, params_content: Content, seasons: list[int], why: str
) -> None:
    content = params_content()
    content["baseline"]["seasons"] = seasons
    with pytest.raises(InputError, match=rf"baseline.*{why}"):
        params_file.load(write_params(content))


def test_the_linear_part_sees_at_least_what_the_cells_see(write_params: Write, params_content: Content) -> None:
    content = params_content()
    content["window"]["linear_lookback"] = 5
    path = write_params(content)
    with pytest.raises(InputError) as caught:
        params_file.load(path)
    assert str(caught.value).startswith(f"{path}: window: linear_lookback: less than lookback; raise it, or set null")
    content["window"]["linear_lookback"] = 7
    assert params_file.load(write_params(content)).window.steps_seen == 7
    content["window"]["linear_lookback"] = None
    assert params_file.load(write_params(content)).window.steps_seen == 6


# --- keys of an older version ---------------------------------------------------------------------------------------

RENAMINGS = [(old, new) for old, new in params_file.RENAMED.items() if new is not None]


def section_of(content: dict[str, Any], key: str) -> tuple[dict[str, Any], str]:
    """The section that a dotted key stands in, and the last part of the key."""
    *sections, name = key.split(".")
    for section in sections:
        content = content[section]
    return content, name


def rename(content: dict[str, Any], key: str, name: str) -> None:
    """Gives a key another name in its section, or one in another section."""
    section, old_name = section_of(content, key)
    new_section, new_name = section_of(content, name) if "." in name else (section, name)
    new_section[new_name] = section.pop(old_name)


def make_old(content: dict[str, Any]) -> None:
    """Turns the content into that of a file from before the renaming."""
    for old in (old for old, new in params_file.RENAMED.items() if new is None):
        section, name = section_of(content, old)
        section[name] = "."
    # A key within a renamed section before that section.
    for old, new in sorted(RENAMINGS, key=lambda pair: -pair[0].count(".")):
        if not old.startswith("split.early_stopping."):
            rename(content, new, old if new.startswith("search.compute.") else old.rsplit(".", 1)[1])
    content["baseline"]["season"] = content["baseline"]["season"][0]


def refusal(path: Path) -> str:
    with pytest.raises(InputError) as caught:
        params_file.load(path)
    return str(caught.value).removeprefix(f"{path}: ")


def follow(content: dict[str, Any], message: str) -> None:
    """Does what a refusal says: removes and renames keys."""
    for key in re.findall(r"\bremove ([\w.]+)", message):
        section, name = section_of(content, key)
        section.pop(name)
    # A user who has renamed a section looks for its keys there.
    renamed_sections: dict[str, str] = {}
    for old, new in re.findall(r"\brename ([\w.]+) to ([\w.]+)", message):
        section_name, _, name = old.rpartition(".")
        moved = new.startswith("search.compute.")
        rename(
            content,
            f"{renamed_sections.get(section_name, section_name)}.{name}",
            new if moved else new.rsplit(".", 1)[1],
        )
        renamed_sections[old] = new
    for key in re.findall(r"\bto ([\w.]+), as a list", message):
        section, name = section_of(content, key)
        section[name] = [section[name]]


@pytest.mark.parametrize(("old", "new"), [pair for pair in RENAMINGS if not pair[0].startswith("split.stop.")])
def test_an_old_key_is_refused_with_its_new_name(
    write_params: Write, params_content: Content, old: str, new: str
) -> None:
    content = params_content()
    rename(content, new, old if new.startswith("search.compute.") else old.rsplit(".", 1)[1])
    listed = new in params_file.NOW_LISTS
    if listed:
        section, name = section_of(content, old)
        (section[name],) = section[name]
    message = refusal(write_params(content))
    assert message == f"keys of an older version; rename {old} to {new}{', as a list' * listed}"
    follow(content, message)
    assert content == params_content()
    params_file.load(write_params(content))


def test_a_key_of_a_renamed_section_is_refused_together_with_it(write_params: Write, params_content: Content) -> None:
    content = params_content()
    content["split"]["stop"] = {"share": 0.1, "blocks": 2}
    del content["split"]["early_stopping"]
    message = refusal(write_params(content))
    assert message == (
        "keys of an older version; rename split.stop to split.early_stopping, "
        "rename split.stop.share to split.early_stopping.fraction"
    )
    follow(content, message)
    params_file.load(write_params(content))


@pytest.mark.parametrize("old", [old for old, new in params_file.RENAMED.items() if new is None])
def test_a_key_that_is_gone_is_to_be_removed(write_params: Write, params_content: Content, old: str) -> None:
    content = params_content()
    section, name = section_of(content, old)
    section[name] = "."
    message = refusal(write_params(content))
    assert message == f"keys of an older version; remove {old}"
    follow(content, message)
    params_file.load(write_params(content))


def test_an_old_key_beside_its_new_one_is_to_be_removed(write_params: Write, params_content: Content) -> None:
    content = params_content()
    content["search"]["effort"] = 1.25
    message = refusal(write_params(content))
    assert message == "keys of an older version; remove search.effort"
    follow(content, message)
    params_file.load(write_params(content))


@pytest.mark.parametrize("old", ["last", "mean"])
def test_a_head_of_the_old_meaning_is_the_summary_now(write_params: Write, params_content: Content, old: str) -> None:
    content = params_content()
    network = content["propose"]["network"]
    network["head"] = old
    assert refusal(write_params(content)) == (
        "keys of an older version; set propose.network.head: [plain, mixed]; what it was is propose.network.summary now"
    )
    del network["summary"]
    assert refusal(write_params(content)) == (
        "keys of an older version; rename propose.network.head to propose.network.summary and add "
        "propose.network.head: [plain, mixed]"
    )
    network["summary"], network["head"] = network.pop("head"), ["plain", "mixed"]
    assert params_file.load(write_params(content)).propose.network.summary == old


def test_all_old_keys_are_named_in_one_line_and_following_it_gives_a_valid_file(
    write_params: Write, params_content: Content
) -> None:
    content = params_content()
    make_old(content)
    message = refusal(write_params(content))
    for old, new in params_file.RENAMED.items():
        if not old.startswith("split.early_stopping."):
            assert (f"rename {old} to {new}" if new else f"remove {old}") in message
    follow(content, message)
    assert content == params_content()
    params_file.load(write_params(content))


@pytest.mark.parametrize("new", [new for _, new in RENAMINGS])
def test_every_new_name_is_a_key(params_content: Content, new: str) -> None:
    section, name = section_of(params_content(), new)
    assert name in section


def test_renaming_is_said_before_anything_else_that_is_wrong(write_params: Write, params_content: Content) -> None:
    content = params_content()
    rename(content, "search.training.batch_size", "batch")
    del content["search"]["training"]["engine"]
    content["window"]["lookback"] = "48"
    assert refusal(write_params(content)).endswith("; rename search.training.batch to search.training.batch_size")


@pytest.mark.parametrize("section", [None, 5, "text", [1]])
def test_a_section_that_is_no_section_holds_no_old_key(
    write_params: Write, params_content: Content, section: object
) -> None:
    content = params_content()
    content["split"] = section
    assert refusal(write_params(content)).startswith("split: ")


# --- misspelt and missing keys --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "misspelt"),
    [
        ("window.horizon", "horizn"),
        ("split.early_stopping.fraction", "fractoin"),
        ("search.training.batch_size", "batchsize"),
        ("prepare.past_covariates", "past_covariate"),
        ("register", "registre"),
    ],
)
def test_a_misspelt_key_gets_the_nearest_missing_one_as_a_suggestion(
    write_params: Write, params_content: Content, key: str, misspelt: str
) -> None:
    content = params_content()
    rename(content, key, misspelt)
    section, _, name = key.rpartition(".")
    path = f"{section}.{misspelt}".lstrip(".")
    assert refusal(write_params(content)) == f"{path}: unknown key; rename it to {name}"


def test_a_key_like_one_that_is_there_is_not_to_be_renamed_to_it(write_params: Write, params_content: Content) -> None:
    # The file would then hold the key twice.
    content = params_content()
    content["window"]["horizn"] = 2
    assert refusal(write_params(content)) == "window.horizn: unknown key; remove it or fix its spelling"


def test_a_key_like_none_gets_no_suggestion(write_params: Write, params_content: Content) -> None:
    content = params_content()
    rename(content, "window.horizon", "xyz")
    assert refusal(write_params(content)) == "window.xyz: unknown key; remove it or fix its spelling"


def test_a_missing_key_says_where_to_copy_it_from(write_params: Write, params_content: Content) -> None:
    content = params_content()
    del content["search"]["training"]["engine"]
    assert refusal(write_params(content)) == (
        "search.training.engine: missing; add it: copy it from params.yaml of the cellsize repository"
    )


@pytest.mark.parametrize("path", [ROOT / "params.yaml", *sorted(ROOT.glob("examples/*/params.yaml"))], ids=str)
def test_every_key_has_a_comment_on_its_line_or_above_it(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    keys = [at for at, line in enumerate(lines) if re.match(r" *[a-z_]+: *[^ #]", line)]
    without = [
        lines[at]
        for at in keys
        if "  # " not in lines[at] and " # " not in lines[at] and not lines[at - 1].lstrip().startswith("# ")
    ]
    assert len(keys) > 60
    assert without == []

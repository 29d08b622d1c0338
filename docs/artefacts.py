"""Writes docs/schemas/ and docs/artefacts.md: what the JSON files of a run hold, for the programs that read them.

.venv/bin/python docs/artefacts.py
"""

import json
from pathlib import Path

from pydantic import JsonValue

from cellsize.sizing.artefacts import Artefact
from cellsize.sizing.baseline_records import Baselines
from cellsize.sizing.candidate_records import Candidates
from cellsize.sizing.choice_records import Choice
from cellsize.sizing.class_records import ClassBaselines, ClassEvaluation, ClassMetrics, SequenceInspection
from cellsize.sizing.evaluation_records import Evaluation, Metrics, Registration
from cellsize.sizing.inspection_records import Inspection
from cellsize.sizing.number_records import NumberBaselines, NumberEvaluation, NumberInspection, NumberMetrics
from cellsize.sizing.recipe import Recipe

DOCS = Path(__file__).parent
DIALECT = "https://json-schema.org/draft/2020-12/schema"

# In the order in which a run writes them.
ARTEFACTS: dict[str, type[Artefact]] = {
    "reports/inspection.json": Inspection,
    "build/candidates.json": Candidates,
    "build/baselines.json": Baselines,
    "reports/choice.json": Choice,
    "build/recipe.json": Recipe,
    "reports/evaluation.json": Evaluation,
    "reports/registration.json": Registration,
    "reports/metrics.json": Metrics,
}
# What another task writes into a file of the same name; here the task is added to it.
OF_TASKS: dict[str, type[Artefact]] = {
    "reports/inspection.classify.json": SequenceInspection,
    "build/baselines.classify.json": ClassBaselines,
    "reports/evaluation.classify.json": ClassEvaluation,
    "reports/metrics.classify.json": ClassMetrics,
    "reports/inspection.regress.json": NumberInspection,
    "build/baselines.regress.json": NumberBaselines,
    "reports/evaluation.regress.json": NumberEvaluation,
    "reports/metrics.regress.json": NumberMetrics,
}
ALL = ARTEFACTS | OF_TASKS

HEAD = """# Artefacts

A run leaves its results in JSON files. Each has a JSON schema in `docs/schemas/`, and is written and read through one
model in `cellsize.sizing`. Every key is always there. `python docs/artefacts.py` writes this page.

With `task: classify` or `regress` some files hold something else under the same name: `inspection.classify.json` below
is what `inspection.json` holds then. What is not below for a task is as for a forecast.

| file | what |
|---|---|
"""

Object = dict[str, JsonValue]


def schema(path: str) -> Object:
    """The JSON schema of an artefact.

    Args:
        path: Where the artefact is, a key of `ALL`.
    """
    content: Object = ALL[path].model_json_schema(mode="serialization")
    return {"$schema": DIALECT, **content}


def pages() -> dict[Path, str]:
    """Every file that this script writes, with its text."""
    texts = {DOCS / "schemas" / Path(path).name: _json(schema(path)) for path in ALL}
    return {**texts, DOCS / "artefacts.md": page()}


def page() -> str:
    """The page of all artefacts: a table for each file, then one for each kind of object in it."""
    lines = [
        f"| [`{path}`](#{Path(path).name.replace('.', '')}) | {_sentence(_purpose(schema(path)))} |" for path in ALL
    ]
    return HEAD + "\n".join(lines) + "\n" + "".join(_section(path) for path in ALL)


def _section(path: str) -> str:
    content, name = schema(path), Path(path).name
    text = f"\n## {name}\n\n{_sentence(_purpose(content))} Schema: [`schemas/{name}`](schemas/{name}).\n\n"
    definitions = _objects(content.get("$defs"))
    text += _table(path, content, definitions)
    for title, definition in definitions.items():
        text += f"\n### {Path(path).stem}: {title}\n\n{_sentence(_text(definition, 'description'))}\n\n"
        text += _table(path, definition, definitions)
    return text


def _table(path: str, content: Object, definitions: dict[str, Object]) -> str:
    """A row for each key of an object."""
    rows = [
        f"| `{key}` | {_type(definition, path)} | {_described(definition, definitions)} |"
        for key, definition in _objects(content["properties"]).items()
    ]
    return "\n".join(["| key | type | what |", "|---|---|---|", *rows]) + "\n"


def _type(definition: Object, path: str) -> str:
    """The type of a value in words; an object is a link to its own table."""
    match definition:
        case {"$ref": str(reference)}:
            title = _title(reference)
            return f"[{title}](#{Path(path).stem.replace('.', '')}-{title.lower()})"
        case {"const": value}:
            return f"`{value}`"
        case {"enum": list(values)}:
            return ", ".join(f"`{value}`" for value in values)
        case {"anyOf": list(choices)}:
            return " or ".join(_type(choice, path) for choice in choices if isinstance(choice, dict))
        case {"type": "array", "items": dict(items)}:
            return f"list of {_type(items, path)}"
        case {"type": "object", "additionalProperties": dict(values)}:
            return f"object, by name: {_type(values, path)}"
        case _:
            return _text(definition, "type")


def _objects(value: JsonValue) -> dict[str, Object]:
    """The members of an object that are objects: all of them, in a schema's `properties` and `$defs`."""
    members = value.items() if isinstance(value, dict) else ()
    return {key: member for key, member in members if isinstance(member, dict)}


def _purpose(content: Object) -> str:
    """The description of a file; its path, with which it begins, is said elsewhere."""
    return _text(content, "description").split("`: ", 1)[-1]


def _text(content: Object, key: str) -> str:
    return str(content.get(key, ""))


def _sentence(text: str) -> str:
    """A description as one paragraph that begins with a capital letter."""
    joined = " ".join(text.split())
    return joined[:1].upper() + joined[1:]


def _described(definition: Object, definitions: dict[str, Object]) -> str:
    """What a key holds; pydantic leaves it out where the object that it holds says the same of itself."""
    text = _text(definition, "description")
    if not text and isinstance(reference := definition.get("$ref"), str):
        text = _text(definitions[_title(reference)], "description")
    return " ".join(text.split()).replace("|", "\\|")


def _title(reference: str) -> str:
    """The name of the object that a schema refers to."""
    return reference.rsplit("/", 1)[-1]


def _json(content: Object) -> str:
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    """Writes the schemas and the page."""
    (DOCS / "schemas").mkdir(exist_ok=True)
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()

"""The settings of a study's data: paths from home, a test part where there is none, and no key that its source does not use.

Standard library only, because every job of a cluster run parses it.
"""

from __future__ import annotations

import codecs
import difflib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from butfor.data.class_folders import has_parts
from butfor.data.limits import OFFICIAL
from butfor.errors import Place
from butfor.remedies import CLOSE
from butfor.study.files_beside import PATHS, find_beside
from butfor.study.plan import Plan
from butfor.study.schema import ConfigError, Schema, complete
from butfor.user_code import location

Settings = dict[str, Any]

PUBLISHED = ("fashion_mnist", "mnist", "cifar10", "digits")
SOURCES = {".npz": "npz", ".csv": "csv", ".tsv": "csv", ".parquet": "parquet"}  # by the ending of a file
OWN = "your own function"  # what `for` calls it
TABLES = ("csv", "parquet")
BY_CLASS = ("images", "texts")  # which have a folder for each class
FOLDERS = (
    "npy",
    "images",
    "texts",
)  # whose folder has to be there; that of a published data set is one place of several


def complete_data(data: Settings, root: Schema, task: str, beside: Sequence[Path] = ()) -> None:
    """Fill in what depends on other settings: `~` in paths, the test part that is split off where none is named, and the study's
    task, which decides how targets are stored. beside: the folders of the study's files, where paths are looked for last."""
    find_beside(data, beside)
    keys = root["properties"]["data"]["properties"]
    by_class = data["name"] in BY_CLASS and data["folder"]
    own_part = any(data[key] for key in ("test", "test_file", "part")) or (by_class and has_parts(Path(data["folder"])))
    if data["name"] in keys["test"]["for"] and not own_part and not data.get("folds"):
        data["test"] = complete({}, keys["test"], root, "data.test")
    data["task"] = task


def check_data(data: Settings, root: Schema, at: Place = ("data",), beside: Sequence[Path] = ()) -> None:
    """Raise ConfigError for settings that contradict each other, and OwnCodeError for a function that is not there. at: where
    the data set stands in the study file. beside: the folders of the study's files."""
    _check_keys(data, root["properties"]["data"]["properties"], at)
    for key, problem in _contradictions(data):
        raise ConfigError(f"{_dotted(at)}.{key}: {problem}", (*at, key))
    for place in PATHS:
        if data[place] and (place != "folder" or data["name"] in FOLDERS):
            _check_exists(data, place, at, beside)
    if location.is_own(data["name"]):
        location.locate(data["name"])


def check_models(settings: Settings, plan: Plan, _: bool) -> None:
    """Raise ConfigError for a built-in model on texts: it would take the numbers of words for amounts."""
    sets = settings["data_sets"]
    on_texts = {name: arm for name, arm in plan.arms.items() if sets[arm.data_set]["name"] == "texts"}
    built_in = [name for name, arm in on_texts.items() if not location.is_own(arm.recipe["model"]["name"])]
    if built_in:
        model = plan.arms[built_in[0]].recipe["model"]["name"]
        raise ConfigError(
            "recipe.model: expected a model of your own that begins with keras.layers.Embedding, since texts are numbers of"
            f" words, received {model} in {built_in[0]}. docs/own-model-and-data.md has one to copy.",
            ("recipe", "model"),
        )


def _check_keys(data: Settings, keys: dict[str, Schema], at: Place) -> None:
    source = OWN if location.is_own(data["name"]) else data["name"]
    for key, schema in keys.items():
        if source in schema.get("for", [source]) or data[key] == schema["default"]:
            continue
        meant = SOURCES.get(Path(data[key]).suffix.lower()) if key == "file" else None
        target = ", target: …" if meant in TABLES else ""
        remedy = f"Write {at[-1]}: {{name: {meant}, file: {data[key]}{target}}}." if meant else "Leave it out."
        raise ConfigError(
            f"{_dotted(at)}.{key}: expected with {_listed(schema['for'])}, received with {data['name']}. {remedy}",
            (*at, key),
        )


def _contradictions(data: Settings) -> Iterator[tuple[str, str]]:
    """The keys that cannot stand beside others, or that miss others, with why."""
    name, file, folder = data["name"], data["file"], data["folder"]
    if name == "npz" and not file:
        yield "file", "expected the path of an .npz file because name is npz, received null."
    if name in TABLES and not file:
        yield "file", f"expected the path of a table because name is {name}, received null."
    if name in ("npy", "images") and not folder:
        yield "folder", f"expected a folder because name is {name}, received null."
    if name == "texts" and bool(file) == bool(folder):
        yield "file", f"expected a CSV as file or a folder of texts by class, received {'both' if file else 'none'}."
    if (name in TABLES or (name == "texts" and file)) and not data["target"]:
        yield "target", "expected the name of the column that is to be predicted, received null."
    if name == "texts" and file and not data["text"]:
        yield "text", "expected the name of the column that holds the texts, received null."
    if name == "texts" and folder:
        wrong = [key for key in ("target", "text", "test_file", "validation_file", "part") if data[key]]
        yield from ((key, f"expected with a file, received {data[key]} with a folder. Leave it out.") for key in wrong)
    if name in BY_CLASS and folder and data["test"] and has_parts(Path(folder)):
        yield "test", f"expected a folder of classes, received {folder}, which has a test part. Leave it out."
    if data["columns"] and data["drop"]:
        yield "drop", "expected columns (those to use) or drop (all but those), received both. Leave one out."
    if data["inputs"] and (data["columns"] or data["drop"]):
        other = "columns" if data["columns"] else "drop"
        yield other, f"expected inputs (groups of columns) or {other}, received both. Leave one out."
    given = [key for key in ("test_file", "part", "test") if data[key]]
    if len(given) > 1:
        yield given[-1], f"expected one way to the test part, received {_listed(given, 'and')}. Leave all but one out."
    yield from _validation_contradictions(data)
    yield from _test_contradictions(data)
    if data["encoding"] and not _is_known(data["encoding"]):
        yield "encoding", f"expected a name that Python knows, such as utf-8 or cp949, received {data['encoding']}."


def _validation_contradictions(data: Settings) -> Iterator[tuple[str, str]]:
    is_official = data["validation"] == OFFICIAL
    if is_official and data["name"] in PUBLISHED:
        yield "validation", f"expected a share, since {data['name']} has no validation part, received {OFFICIAL}."
    if data["validation_file"] and not is_official:
        yield (
            "validation",
            f"expected {OFFICIAL} with validation_file, received {data['validation']:g}. Write validation: {OFFICIAL}.",
        )
    if data["validation_file"] and data["part"]:
        yield "validation_file", "expected part or files, received both. Leave one out."
    if is_official and data["name"] in TABLES and not (data["validation_file"] or data["part"]):
        yield "validation", f"expected validation_file, or part with rows called validation, received {OFFICIAL} alone."


def _test_contradictions(data: Settings) -> Iterator[tuple[str, str]]:
    test = data["test"]
    if not test:
        return
    by, column, has_columns = test["by"], test["column"], data["name"] in TABLES or bool(data["file"])
    if by in ("group", "time") and not has_columns:
        yield "test", f"expected by: random or stratified, since files have no column of a {by}, received {by}."
    elif by in ("group", "time") and not column:
        yield "test", f"expected a column with by: {by}, received none. Write test: {{by: {by}, column: …}}."
    if column and (by == "random" or not has_columns):
        yield "test", f"expected no column with by: {by}, received {column}. Leave it out, or write by: group."
    if by == "stratified" and not column and isinstance(data["target"], list):
        yield "test", "expected a column with by: stratified, since there are several targets, received none."


def _check_exists(data: Settings, place: str, at: Place, folders: Sequence[Path]) -> None:
    path, kind = Path(data[place]), "folder" if place == "folder" else "file"
    if path.is_dir() if kind == "folder" else path.is_file():
        return
    beside = [str(other) for other in path.parent.glob("*") if other.is_dir() == (kind == "folder")]
    similar = difflib.get_close_matches(data[place], beside, n=1, cutoff=CLOSE)
    meant = f" Did you mean {similar[0]}?" if similar else ""
    others = [folder.resolve() for folder in folders if folder.resolve() != Path.cwd() and not path.is_absolute()]
    also = "".join(f", and from {folder} beside the study file" for folder in others)
    raise ConfigError(
        f"{_dotted(at)}.{place}: expected an existing {kind}, received {data[place]}, looked for from {Path.cwd()}{also}.{meant}",
        (*at, place),
    )


def _dotted(at: Place) -> str:
    return ".".join(map(str, at))


def _is_known(encoding: str) -> bool:
    try:
        codecs.lookup(encoding)
    except LookupError:
        return False
    return True


def _listed(names: list[str], word: str = "or") -> str:
    return f" {word} ".join(filter(None, [", ".join(names[:-1]), names[-1]]))

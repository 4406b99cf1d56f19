"""Study files of every kind, drawn from config/schema.yaml, and the same spoilt in the ways that people and attackers do.

    python tests/hostile_studies.py 5000

plans so many of each and prints what became of them. `make fuzz EXAMPLES=5000` is the same.
"""

from __future__ import annotations

import copy
import json
import math
import sys
import traceback
from collections import Counter
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, Verbosity, given, settings
from hypothesis import strategies as st

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "scripts"))

from butfor.errors import SeveralErrors, StudyError
from butfor.figures import gallery
from butfor.recipe import schedules
from butfor.study import settings as study_settings
from butfor.study.schema import load_schema
from butfor.study.settings import study_and_plan

SCHEMA_PATH = ROOT / "config" / "schema.yaml"
SCHEMA = load_schema(SCHEMA_PATH)
study_settings.load_schema = lambda _: SCHEMA  # parsing it takes longer than all the rest
RECIPE = SCHEMA["$defs"]["recipe"]["properties"]
LONGEST = 1200  # characters of a message

WORDS = [
    *(
        "../x",
        "../../etc/passwd",
        "/etc/passwd",
        "a/../../../b",
        "~/x",
        ".",
        "..",
        ".unfinished",
        "baseline",
        "Baseline",
        "con",
    ),
    *(
        "",
        " ",
        "\x00",
        "a\x00b",
        "a\nb",
        "a\n",
        "\r\n",
        "a\tb",
        "\u202e",
        "\ufeff",
        "ä",
        "名前",
        "🔥",
        "e\u0301",
        "\udcff",
    ),
    *(
        "a" * 65,
        "a" * 300,
        "a" * 100_000,
        "$(touch PWNED)",
        "`touch PWNED`",
        "; rm -rf x",
        "a b",
        "'",
        '"',
        "\\",
        "%s%n",
        "%2e%2e%2f",
    ),
    *(
        "{x}",
        "{",
        "}",
        "<results>",
        "*",
        "?",
        "#",
        "!x",
        "&x",
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
    ),
    *(
        "|",
        "a | b |",
        "| --- |",
        "```",
        "[x](javascript:alert(1))",
        "![x](http://x/y.png)",
        "$\\input{/etc/passwd}$",
        "=cmd|'/C calc'!A0",
    ),
    *(
        "os:system",
        "os:_exit",
        ":",
        "a:b:c",
        "../x:build",
        "a.b:",
        "nowhere:build",
        "__import__('os'):x",
        "x:y\n",
        "json:loads",
    ),
    *(
        "none",
        "null",
        "true",
        "nan",
        "inf",
        "1e-3",
        "1e400",
        "1e308 epochs",
        "-1 epochs",
        "0 steps",
        "2 epochs",
        "9" * 400,
        "2 epochs\n",
    ),
    *(
        "mlp",
        "cnn",
        "adam",
        "cosine",
        "npz",
        "digits",
        "all",
        "dropout",
        "model",
        "model.name",
        "schedule.decay",
        "a..b",
        ".dropout",
    ),
]
NUMBERS = [
    *(0, -0.0, -1, 1, 2, 0.5, 1.5, -1e-300, 1e-320, 1e308, -1e308, math.nan, math.inf, -math.inf),
    *(2**31, 2**63, 2**64, 10**18, 10**30, -(10**30), 10**400, 10**5000),
]
ODD = [
    None,
    True,
    False,
    [],
    {},
    [None],
    [[]],
    {"": None},
    {None: 1},
    {1: 2},
    {"name": None},
    {"name": []},
    [math.nan],
    b"x",
    (1,),
]
hostile = st.one_of(st.sampled_from(WORDS), st.sampled_from(NUMBERS), st.sampled_from(ODD), st.text(max_size=20))


def valid(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Values that the schema takes, mostly small, sometimes at a bound."""
    if "$ref" in schema:
        return valid(
            {**SCHEMA["$defs"][schema["$ref"].rsplit("/", 1)[1]], **{k: v for k, v in schema.items() if k != "$ref"}}
        )
    if "choices" in schema:
        return st.one_of([_choice(name, chosen or {}) for name, chosen in schema["choices"].items()])
    if "anyOf" in schema:
        return st.one_of([valid(form) for form in schema["anyOf"]])
    if "const" in schema:
        return st.just(schema["const"])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if "duration" in schema:
        times = st.sampled_from([1, 2, 0.5, "2 epochs", "3 steps", "0.25 epochs", "1e2 steps"])
        return times if schema["duration"] != "optional" else st.one_of(st.none(), times)
    kinds = schema.get("type", "string")
    return st.one_of([_of_kind(kind, schema) for kind in (kinds if isinstance(kinds, list) else [kinds])])


def _choice(name: str, chosen: dict[str, Any]) -> st.SearchStrategy[Any]:
    inside = {key: valid(sub) for key, sub in chosen.get("properties", {}).items()}
    return st.one_of(st.just(name), st.fixed_dictionaries({"name": st.just(name)}, optional=inside))


def _of_kind(kind: str, schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    if kind == "integer":
        least = schema.get("minimum", 0)
        return st.integers(least, min(schema.get("maximum", least + 12), least + 12))
    if kind == "number":
        low = schema.get("minimum", schema.get("exclusiveMinimum", 0.0))
        high = min(schema.get("maximum", schema.get("exclusiveMaximum", low + 2)), low + 2)
        return st.floats(low, high, exclude_min="exclusiveMinimum" in schema, exclude_max="exclusiveMaximum" in schema)
    if kind == "array":
        least = schema.get("minItems", 0)
        return st.lists(valid(schema["items"]), min_size=least, max_size=least + 2)
    if kind == "object":
        if "properties" not in schema:
            return st.just({})
        known = {key: valid(sub) for key, sub in schema.get("properties", {}).items()}
        needed = {key: known.pop(key) for key in schema.get("required", [])}
        return st.fixed_dictionaries(needed, optional=known)
    return {"boolean": st.booleans(), "null": st.none(), "string": st.sampled_from(["a", "a_b", "plain words"])}[kind]


@st.composite
def studies(draw: st.DrawFn) -> dict[str, Any]:
    """A whole study, most often one that can be planned."""
    keys = st.sampled_from(sorted(RECIPE.keys() - {"categories"}))  # which these data have none of

    def some(most: int) -> dict[str, Any]:
        return {key: draw(valid(RECIPE[key])) for key in draw(st.lists(keys, max_size=most, unique=True))}

    def ablation() -> dict[str, Any]:
        key = draw(keys)
        levels = st.lists(valid(RECIPE[key]), min_size=1, max_size=3)
        form = draw(st.sampled_from([*["set"] * 9, "each", "named", "remove_each", "add_each", "grid"]))
        parts = sorted(name for name, sub in RECIPE.items() if "without" in sub)
        names = st.sampled_from(["low", "high", "x1"])
        body = {
            "set": lambda: {key: draw(valid(RECIPE[key]))},
            "each": lambda: {key: draw(levels)},
            "named": lambda: {key: draw(st.dictionaries(names, valid(RECIPE[key]), min_size=1))},
            "remove_each": lambda: draw(
                st.one_of(st.just("all"), st.lists(st.sampled_from(parts), min_size=1, max_size=2))
            ),
            "add_each": lambda: draw(
                st.one_of(st.just("all"), st.lists(st.sampled_from(parts), min_size=1, max_size=2))
            ),
            "grid": lambda: {key: draw(levels), draw(keys): draw(st.just([1, 2]))},
        }[form]()
        return {("each" if form == "named" else form): body}

    names = st.sampled_from(["a", "b", "no_x", "Big", "x-1", "y.z"])
    study = {
        "study": draw(st.sampled_from(["s", "a-b", "v1.2"])),
        "data": draw(st.sampled_from(["digits", "fashion_mnist", {"name": "mnist", "validation": 0.2}])),
        "recipe": some(2),
        "ablations": {name: ablation() for name in draw(st.lists(names, min_size=1, max_size=2, unique=True))},
    }
    extra = [key for key in SCHEMA["properties"] if key not in (*study, "claims", "results")]
    for key in draw(st.lists(st.sampled_from(extra), max_size=3, unique=True)):
        study[key] = draw(valid(SCHEMA["properties"][key]))
    if draw(st.booleans()):
        study["results"] = draw(st.sampled_from(["results/x", "/scratch/me/x", "../beside/x", "~/x", "results"]))
    if draw(st.integers(0, 4)) == 0:
        first = next(iter(study["ablations"]))
        study["ablations"]["c"] = {
            "set": {"epochs": 3},
            "from": draw(st.sampled_from(["a", "c", first, "baseline", "nowhere"])),
        }
    if draw(st.integers(0, 4)) == 0:
        arms = st.sampled_from([*study["ablations"], "gone"])
        study["claims"] = {"it": {**draw(valid(SCHEMA["$defs"]["claim"])), "arm": draw(arms)}}
    return study


@st.composite
def spoilt(draw: st.DrawFn) -> dict[str, Any]:
    """A study with one to three places spoilt."""
    study = copy.deepcopy(draw(studies()))
    for _ in range(draw(st.integers(1, 3))):
        inside, key = draw(st.sampled_from(list(_places(study))))
        match draw(st.sampled_from(["replace", "replace", "rename", "remove", "add", "wrap", "graft"])):
            case "replace":
                inside[key] = draw(hostile)
            case "rename" if isinstance(inside, dict):
                name = draw(st.one_of(st.sampled_from(WORDS), st.sampled_from([None, 1, True, 1.5])))
                inside[name] = inside.pop(key)
            case "remove":
                del inside[key]
            case "add" if isinstance(inside, dict):
                inside[draw(st.one_of(st.sampled_from(WORDS), st.sampled_from(sorted(RECIPE))))] = draw(hostile)
            case "wrap":
                inside[key] = [inside[key]]
            case "graft":
                other, place = draw(st.sampled_from(list(_places(study))))
                inside[key] = copy.deepcopy(other[place])
    return study


def _places(value: Any) -> Any:
    """Every (container, key) in a tree."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in list(items):
        yield value, key
        yield from _places(item)


def outcome(study: Any) -> str:
    """What becomes of a study: `plan`, or `error` if it is refused as a user should be told. Anything else is raised."""
    try:
        found, plan = study_and_plan(copy.deepcopy(study), SCHEMA_PATH)
    except StudyError as error:
        for message in map(str, error.errors if isinstance(error, SeveralErrors) else [error]):
            assert message and len(message) <= LONGEST and message.isprintable(), (
                f"no clear message: {message[:3000]!r}"
            )
        return "error"
    results = Path(found["results"])
    told = json.loads(json.dumps([plan.summary(), plan.tracking(), found], allow_nan=False))
    for arm in plan.arms.values():
        recipe = arm.recipe
        if recipe["epochs"] <= 1000:
            assert len(schedules.learning_rates(recipe, 3)) == 3 * recipe["epochs"]
    paths = [f"runs/{arm}/look1/seed_0.json" for arm in plan.arms] + [
        f"figures/{name}.png" for name in gallery.figures(told[0])
    ]
    for path in paths:
        assert (
            len(parts := Path(path).parts) == path.count("/") + 1 and ".." not in parts and max(map(len, parts)) < 256
        )
        assert path.isascii() and path.isprintable() and (results / path).resolve().is_relative_to(results.resolve())
    return "plan"


def count(kind: st.SearchStrategy[Any], examples: int, seed: int = 0) -> tuple[Counter[str], dict[str, Any]]:
    """What became of so many studies of a kind, and by the place where it was raised, one study for each traceback."""
    found, raised = Counter[str](), dict[str, Any]()

    @settings(
        max_examples=examples, database=None, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck),
        derandomize=not seed, verbosity=Verbosity.quiet,
    )  # fmt: skip
    @given(kind)
    def each(study: Any) -> None:
        try:
            found[outcome(study)] += 1
        except Exception as error:
            found["traceback"] += 1
            last = traceback.extract_tb(error.__traceback__)
            where = next((f for f in reversed(last) if "butfor" in f.filename or f.name == "outcome"), last[-1])
            place = f"{type(error).__name__} {Path(where.filename).name}:{where.lineno} {str(error)[:160]}"
            raised.setdefault(f"{type(error).__name__} {Path(where.filename).name}:{where.lineno}", (place, study))

    each()
    return found, raised


def main(examples: int) -> None:
    """Plan so many studies of each kind and print the counts."""
    for name, kind in (("drawn from the schema", studies()), ("spoilt", spoilt())):
        found, raised = count(kind, examples)
        told = ", ".join(f"{found[key]} {words}" for key, words in WORDED.items())
        print(f"{sum(found.values())} studies {name}: {told}")
        for place, study in raised.values():
            print(f"  {place}\n    {str(study)[:600]}")


WORDED = {"plan": "planned", "error": "refused with a clear message", "traceback": "ended in a traceback"}

if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)

"""Whether every choice that the schema offers has its row in the code, and every row its choice.

Imports NumPy: for a start, before its first job, and not for what every job of a cluster run parses.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from butfor.errors import StudyError
from butfor.recipe.architectures import ARCHITECTURES
from butfor.recipe.initialisers import INITIALISERS
from butfor.recipe.input_scalings import CHOICES as SCALING_CHOICES
from butfor.recipe.normalisations import NORMALISATIONS
from butfor.recipe.optimisers import CLIPPING, KERAS, OPTIMISERS
from butfor.recipe.schedules import SCHEDULES
from butfor.study import metrics
from butfor.study.schema import Schema, load_schema

SCHEMA = Path(__file__).resolve().parents[3] / "config" / "schema.yaml"
TABLES: dict[str, tuple[str, Iterable[str]]] = {  # by recipe key: where the rows stand, and their names
    "model": ("recipe/architectures.py", ARCHITECTURES),
    "input_scaling": ("recipe/input_scalings.py", SCALING_CHOICES),
    "initialiser": ("recipe/initialisers.py", INITIALISERS),
    "normalisation": ("recipe/normalisations.py", NORMALISATIONS),
    "optimiser": ("recipe/optimisers.py", [*OPTIMISERS, KERAS]),
    "clipping": ("recipe/optimisers.py", ["none", *CLIPPING]),
    "schedule": ("recipe/schedules.py", SCHEDULES),
}


class ChoiceError(StudyError):
    """A choice of which one half is missing: its entry in the schema, or its row in the code."""


def check(root: Schema) -> None:
    """Hold the schema's choices against the tables. Raises ChoiceError."""
    recipe = root["$defs"]["recipe"]["properties"]
    for key, (file, rows) in TABLES.items():
        schema = recipe[key] if "choices" in recipe[key] else root["$defs"][recipe[key]["$ref"].rsplit("/", 1)[1]]
        offered, there = set(schema["choices"]), set(rows)
        if offered != there:
            halves = [f"{name} (no row)" for name in sorted(offered - there)]
            halves += [f"{name} (not in the schema)" for name in sorted(there - offered)]
            raise ChoiceError(
                f"{key}: expected the choices in config/schema.yaml and the rows in scripts/butfor/{file} to have the same names,"
                f" received one half of {', '.join(halves)}. Write the other half, or take this one out."
            )
    for message in metrics.disagreements(root):
        raise ChoiceError(message)


def check_own() -> None:
    """Hold this workflow's schema against its tables. Raises ChoiceError."""
    check(load_schema(SCHEMA))

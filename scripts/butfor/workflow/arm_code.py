"""The code that the trainings of a study's arms follow from: butfor's, and the user's own.

Standard library only, because every job of a cluster run parses it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from butfor.fingerprint import fingerprint
from butfor.recipe.watched_figures import metrics_watched
from butfor.user_code import location
from butfor.verdicts.changed_code import OwnCode
from butfor.workflow.own_files import OwnFiles

NO_CODE = fingerprint([])  # of the user's own


class ArmCode:
    """What stands for the code of each arm. models: of arms with a model of the user's own, what stands for that (see
    OwnFiles.model). trains: the fingerprint of the code that trains; watches: the same where metrics are watched."""

    def __init__(
        self, recipes: Mapping[str, Any], models: Mapping[str, dict[str, str]], own: OwnFiles, trains: str, watches: str
    ) -> None:
        self._models, self._trains, self._watches = models, trains, watches
        named = {name: _own_functions(recipe) for name, recipe in recipes.items()}
        codes = {each: own.code(each) for each in {each for functions in named.values() for each in functions}}
        self._models_of = {name: recipes[name]["model"]["name"] for name in models}
        self._codes = {**codes, **{self._models_of[name]: about["written"] for name, about in models.items()}}
        self._functions = {name: [codes[each] for each in functions] for name, functions in named.items()}
        watching = {name: metrics for name, recipe in recipes.items() if (metrics := metrics_watched(recipe))}
        self._watched = {
            name: [own.code(each["score"]) for each in metrics if location.is_own(each["score"])]
            for name, metrics in watching.items()
        }

    def registered(self, metrics: Mapping[str, Mapping[str, str]]) -> OwnCode | None:
        """What the register keeps of the user's own code; None where there is none. metrics: of the study's own ones (see
        OwnFiles.metric)."""
        functions = self._codes | {name: about["code"] for name, about in metrics.items()}
        reading = {
            arm: {"function": self._models_of[arm], "code": about["code"]}
            for arm, about in self._models.items()
            if about["code"] != about["written"]
        }
        return {"functions": functions, "reading": reading} if functions else None

    def of(self, arm: str) -> tuple[str, str]:
        """The fingerprint of the code that trains an arm, and of the user's own."""
        code = self._models[arm]["code"] if arm in self._models else NO_CODE
        code = fingerprint([code, *self._functions[arm]]) if self._functions[arm] else code
        if not (watched := self._watched.get(arm)):
            return self._watches if arm in self._watched else self._trains, code
        return self._watches, fingerprint([code, *watched])


def _own_functions(recipe: Mapping[str, Any]) -> list[str]:
    """What of the user's own a recipe names, beside its model."""
    return [recipe[key]["name"] for key in ("loss", "optimiser", "schedule") if location.is_own(recipe[key]["name"])]

"""The probes of a plan: which processes try what a start would come to, and tell what it takes."""

from __future__ import annotations

from typing import Any

from butfor.arm_names import data_set_of
from butfor.outlook.cached_runs import Cached
from butfor.outlook.planned_study import PlannedStudy
from butfor.outlook.step_probe import Probed, probed, trial_builds
from butfor.outlook.trial_builds import TrialBuilds
from butfor.records.results_folder import ARRAYS, MANIFEST
from butfor.user_code.location import is_own

KERAS = "keras"  # the choice that names a class of keras.losses or keras.optimizers
Recipe = dict[str, Any]


class Probes:
    """Those of one study. cached: the seeds that need no training."""

    def __init__(self, study: PlannedStudy, cached: Cached) -> None:
        self._study, self._builds = study, TrialBuilds()
        self._left = {name: arms for name in study.data if (arms := _to_build(study, cached, name))}

    def steps(self, arm: str) -> Probed:
        """Some steps of an arm. The models of other arms on its data set are built by the same process. Raises StudyError."""
        study, training, left = self._study, self._training(arm), self._left.pop(data_set_of(arm), {})
        asked = {
            name: recipe for name, recipe in left.items() if recipe != training["recipe"]
        }  # which is built to be tried
        probe = probed(training, asked, *self._data(arm), study.settings["threads"], study.files)
        self._builds = self._builds.and_those(probe.builds)
        return probe

    def builds(self) -> TrialBuilds:
        """What came of building what arms have of the user's own and no start has built: by a process for each data set that is
        stored, or for the only one, where `steps` has not done it. Raises StudyError."""
        for asked in self._left.values():
            data, paths = self._data(first := next(iter(asked)))
            if not paths and len(self._study.data) > 1:  # it may take long to find data
                builds = TrialBuilds({}, list(asked))
            else:
                training = self._training(first)
                builds = trial_builds(training, asked, data, paths, self._study.settings["threads"], self._study.files)
            self._builds = self._builds.and_those(builds)
        self._left = {}
        return self._builds

    def _training(self, arm: str) -> dict[str, Any]:
        """That of the arm's first look."""
        first = self._study.plan.looks[0].name
        return next(t for look, t in self._study.targets.planned() if (look, t["arm"]) == (first, arm))

    def _data(self, arm: str) -> tuple[dict[str, Any], list[str]]:
        """The settings of the arm's data set, and the files in which it is stored, if it is."""
        data = self._study.targets.data
        stale = data_set_of(arm) in data.stale
        paths = [] if stale else [data.of_arm(file, arm) for file in (ARRAYS, MANIFEST)]
        return self._study.data[data_set_of(arm)], paths


def _to_build(study: PlannedStudy, cached: Cached, data_set: str) -> dict[str, Recipe]:
    """By arm, the recipes of which there is no run: those with a model of the user's own that no start has built, and those with
    a loss or an optimiser of the user's or of Keras's."""
    unbuilt, trained = study.targets.unbuilt(), {arm for (arm, _), seeds in cached.items() if seeds}
    recipes = {arm: recipe for arm, recipe in study.plan.recipes.items() if data_set_of(arm) == data_set}
    return {
        arm: recipe
        for arm, recipe in recipes.items()
        if arm not in trained and (arm in unbuilt if is_own(recipe["model"]["name"]) else _has_code_of_its_own(recipe))
    }


def _has_code_of_its_own(recipe: Recipe) -> bool:
    names = [recipe[key]["name"] for key in ("loss", "optimiser")]
    return any(is_own(name) or name == KERAS for name in names)

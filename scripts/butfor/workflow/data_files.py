"""The files of a study's data sets: where each is stored, and whether it is made from what the study asks for.

Standard library only, because every job of a cluster run parses it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from butfor.arm_names import data_set_of
from butfor.fingerprint import fingerprint
from butfor.records.results_folder import ARRAYS, DATA_FILES_READ, MANIFEST, SOURCE, data_file
from butfor.study.data_sets import ONLY
from butfor.user_code.files_read import made_of
from butfor.workflow.own_files import OwnFiles


class DataFiles:
    """The files of a study's data sets, each known by its name; the only one by none.

    made: by data set, what it is made from, and `made_of`, what stands for that. settings: the study's, completed. preparing: the
    fingerprint of the code that makes the data. own: the files that the user brings.
    """

    def __init__(self, settings: dict[str, Any], preparing: str, own: OwnFiles) -> None:
        self._results = Path(settings["results"])
        self.made = {name: own.data(data, name) for name, data in settings["data_sets"].items()}
        self.made_of = {name: fingerprint([made, preparing]) for name, made in self.made.items()}

    @property
    def names(self) -> list[str]:
        """The data sets in the order of the study."""
        return list(self.made)

    @property
    def are_several(self) -> bool:
        """Whether the study has several data sets, by name."""
        return self.names != [ONLY]

    @property
    def stale(self) -> list[str]:
        """The data sets whose stored arrays are not made from what the study asks for."""
        noted = {name: data_file(self._results, DATA_FILES_READ, name) for name in self.made}
        return [name for name, path in noted.items() if made_of(path) != self.made_of[name]]

    @property
    def missing(self) -> list[str]:
        """The manifests of data sets that have not been stored yet."""
        return [path for path in self.of_each(MANIFEST) if not Path(path).exists()]

    def beside(self, data_set: str) -> dict[str, tuple[str, str]]:
        """The other data sets by name: their manifests, and what these are made of where they are as the study asks for."""
        others = {name: data_file(self._results, MANIFEST, name) for name in self.made if name != data_set}
        return {name: (str(path), self.made_of[name]) for name, path in others.items()}

    def of_arm(self, file: str, arm: str) -> str:
        """A file about the data set that an arm is trained on."""
        return str(data_file(self._results, file, data_set_of(arm)))

    @property
    def grouped(self) -> dict[str, tuple[str, str]]:
        """The data sets that say what their test examples belong to, by name: their arrays, and what stands for these. None of
        folds, of which each run has test examples of its own."""
        names = [name for name, made in self.made.items() if "groups" in made and not made.get("folds")]
        return {name: (str(data_file(self._results, ARRAYS, name)), self.made_of[name]) for name in names}

    def of_each(self, file: str) -> list[str]:
        """A file about each data set."""
        return [str(data_file(self._results, file, name)) for name in self.made]

    @property
    def sources(self) -> list[str]:
        """The files that say where each data set comes from."""
        return self.of_each(SOURCE)

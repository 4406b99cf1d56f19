"""What a study's own files hold: a digest of everything that users bring, by content, never by path or date.

Standard library only.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from butfor.data.limits import OFFICIAL
from butfor.data.place_digests import noted_place, place_digest
from butfor.file_digests import FileDigests
from butfor.fingerprint import canonical, fingerprint
from butfor.records.results_folder import DATA_FILES_READ, METRIC_FILES_READ, MODEL_FILES_READ, data_file
from butfor.user_code import location
from butfor.user_code.declaration import declaration
from butfor.user_code.declared_files import declared_digest
from butfor.user_code.files_read import resolved, token_of

AS_STORED = ("fashion_mnist", "mnist", "cifar10", "digits", "npz")  # sources that no setting reads otherwise
ELSEWHERE = (
    "name",
    "arrays",
    "depends",
    "validation",
    "download",
    "folder",
    "file",
    "test_file",
    "validation_file",
    "task",
    "stream",
    "folds",
    "groups",
)  # counted otherwise, or never
LATER = ("inputs", "weights", "embedded")  # ways of reading that came later: a data set without them is as it was
KNOWN = Path(".snakemake") / "butfor" / "files.json"
Recipe = dict[str, Any]


class OwnFiles:
    """The user's own files of a study, whose results lie in the folder `results`.

    code: the fingerprint of some files of Python.
    """

    def __init__(self, results: str, code: Callable[..., str]) -> None:
        self._results, self._digests, self._code = Path(results), FileDigests(KNOWN), code

    def save(self) -> None:
        """Remember the digests of large files for the next start."""
        self._digests.save()

    def data(self, settings: dict[str, Any], data_set: str = "") -> dict[str, Any]:
        """What a data set is made from: its name, what its arrays are called, the user's code, the files declared, what
        stands for the files read (see files_read.token_of), and how they are read. settings: the data set's. data_set: its name
        among several. Raises
        OwnCodeError.
        """
        name, own = settings["name"], location.is_own(settings["name"])
        root = location.root_of(name) if own else Path.cwd()

        def digest(path: str) -> str:
            if own:
                return self._digests.of(resolved(path, root))
            return place_digest(noted_place(path, settings), self._digests.of)

        made = {
            "name": name,
            "arrays": settings["arrays"],
            "task": settings["task"],
            "code": self._code(*location.files(name)),
            "depends": declared_digest(settings["depends"], [Path.cwd(), root], self._digests.of, "data"),
            "files": token_of(data_file(self._results, DATA_FILES_READ, data_set), digest),
        }
        if settings["validation"] == OFFICIAL:  # or the share that is drawn in a training
            made["validation"] = OFFICIAL
        made |= {key: settings[key] for key in ("folds", "groups") if settings.get(key)}
        read_as = {
            key: value for key, value in settings.items() if key not in ELSEWHERE and (value or key not in LATER)
        }
        return made if own or name in AS_STORED else {**made, "read_as": read_as}

    def code(self, name: str) -> str:
        """The fingerprint of the user's code behind a `module:function`. Raises OwnCodeError."""
        return self._code(*location.files(name))

    def model(self, recipe: Recipe) -> dict[str, str]:
        """Of the recipe of an own model: `code`, the fingerprint of all that users bring to it; `written`, that of its code
        alone; `noted`, the file in which its building notes the files that it reads; `files`, what stands for them. Raises
        OwnCodeError.
        """
        name = recipe["model"]["name"]
        root, written = location.root_of(name), self._code(*location.files(name))
        noted = self._results / MODEL_FILES_READ.format(mark=fingerprint([canonical(recipe), written]))
        declared = declaration(name).get("depends", [])
        depends = declared_digest(declared, [Path.cwd(), location.locate(name).parent], self._digests.of, name)
        files = token_of(noted, lambda path: self._digests.of(resolved(path, root)))
        code = fingerprint([written, depends, files]) if depends or files else written
        return {"code": code, "written": written, "noted": str(noted), "files": files}

    def metric(self, reference: str) -> dict[str, str]:
        """Of a metric, a function of the user's own: `code`, the fingerprint of the user's code; `mark`, by which the file is
        named in which it notes the files that it reads; `files`, what stands for them. Raises OwnCodeError.
        """
        code, root = self._code(*location.files(reference)), location.root_of(reference)
        mark = fingerprint([reference, code])
        noted = self._results / METRIC_FILES_READ.format(mark=mark)
        return {
            "code": code,
            "mark": mark,
            "files": token_of(noted, lambda path: self._digests.of(resolved(path, root))),
        }

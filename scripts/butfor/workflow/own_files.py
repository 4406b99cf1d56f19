"""What a study's own files hold: a digest of everything that users bring, by content, never by path or date.

Standard library only.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from butfor.file_digests import FileDigests
from butfor.fingerprint import canonical, fingerprint
from butfor.records.results_folder import DATA_FILES_READ, MODEL_FILES_READ
from butfor.user_code import location
from butfor.user_code.declaration import declaration
from butfor.user_code.declared_files import declared_digest
from butfor.user_code.files_read import resolved, token_of

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

    def data(self, settings: dict[str, Any]) -> dict[str, Any]:
        """What the data set is made from: its name, what its arrays are called, the user's code, the files declared, and what
        stands for the files read (see files_read.token_of). settings: the study's `data`. Raises OwnCodeError.
        """
        name, own = settings["name"], location.is_own(settings["name"])
        root = location.root_of(name) if own else Path.cwd()

        def digest(path: str) -> str:
            return self._digests.of(resolved(path, root) if own else Path(settings["file"] or path).expanduser())

        return {
            "name": name,
            "arrays": settings["arrays"],
            "code": self._code(*location.files(name)),
            "depends": declared_digest(settings["depends"], [Path.cwd(), root], self._digests.of, "data"),
            "files": token_of(self._results / DATA_FILES_READ, digest),
        }

    def model(self, recipe: Recipe) -> dict[str, str]:
        """Of the recipe of an own model: `code`, the fingerprint of all that users bring to it; `noted`, the file in which its
        building notes the files that it reads; `files`, what stands for them. Raises OwnCodeError.
        """
        name = recipe["model"]["name"]
        root, written = location.root_of(name), self._code(*location.files(name))
        noted = self._results / MODEL_FILES_READ.format(mark=fingerprint([canonical(recipe), written]))
        declared = declaration(name).get("depends", [])
        depends = declared_digest(declared, [Path.cwd(), location.locate(name).parent], self._digests.of, name)
        files = token_of(noted, lambda path: self._digests.of(resolved(path, root)))
        code = fingerprint([written, depends, files]) if depends or files else written
        return {"code": code, "noted": str(noted), "files": files}

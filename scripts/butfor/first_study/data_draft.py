"""The `data` of a first study, from what the user names: a file, a folder, a function of their own, or a published data set."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from butfor.data.class_folders import has_parts
from butfor.errors import StudyError
from butfor.study.data_settings import PUBLISHED, SOURCES, TABLES
from butfor.user_code import location

SMALL = "digits"  # inside scikit-learn: nothing is fetched
IMAGES = {".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff"}
MOST_LOOKED_AT = 2000  # files of a folder


@dataclass(frozen=True)
class DataDraft:
    """The settings of `data`, and what is to be said of them in comments, a line each."""

    settings: dict[str, Any]
    notes: list[str] = field(default_factory=list)


def data_draft(named: str | None, target: str | None, text: str | None = None) -> DataDraft:
    """The draft for what the user names, or for the smallest published data set. target, text: columns of a table, or several
    for the target, with commas. Raises StudyError."""
    is_table = bool(named) and SOURCES.get(Path(named or "").suffix.lower()) in TABLES
    if (target or text) and not is_table:
        option = "--target" if target else "--text"
        raise StudyError(f"{option}: expected with a table, .csv, .tsv or .parquet, received {named or 'no data'}.")
    if named is None or named in PUBLISHED:
        note = [] if named else [f"Yours: file.csv with target:, an .npz, a folder of images, or {'module:function'}."]
        return DataDraft({"name": named or SMALL}, note)
    path = Path(named).expanduser()
    if path.is_dir():
        return DataDraft(_of_folder(path, named))
    if path.is_file() and (source := SOURCES.get(path.suffix.lower())):
        if source not in TABLES:
            return DataDraft({"name": source, "file": named})
        from butfor.first_study.table_draft import table_draft  # reads the table, by pandas

        return table_draft(path, named, source, target, text)
    if location.is_own(named):
        location.locate(named)
        return DataDraft({"name": named})
    raise StudyError(
        f"--data: expected a file ({', '.join(SOURCES)}), a folder, module:function, or one of {', '.join(PUBLISHED)}, received"
        f" {named}{'' if path.exists() else ', which is not there'}."
    )


def _of_folder(path: Path, named: str) -> dict[str, Any]:
    """What a folder holds: arrays, images or texts by class."""
    if (path / "x_train.npy").is_file():
        return {"name": "npy", "folder": named}
    root = path / "train" if has_parts(path) else path
    endings = [file.suffix.lower() for file, _ in zip(root.glob("*/*"), range(MOST_LOOKED_AT), strict=False)]
    if any(ending in IMAGES for ending in endings):
        return {"name": "images", "folder": named, "size": [32, 32]}
    if ".txt" in endings:
        return {"name": "texts", "folder": named}
    raise StudyError(
        f"--data: expected x_train.npy and y_train.npy in {named}, or a folder of images or .txt files for each class, received"
        f" {'a folder without any' if endings else 'a folder without folders of files'}."
    )

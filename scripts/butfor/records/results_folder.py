"""The results folder of a study: where its files lie, and what a file's place says. Standard library only.

runs/<arm>/<look>/seed_<n>.json      the records of one training job; `tuned/…` at tuned learning rates
runs/<arm>/<look>/seed_<n>.predictions.npz   what the final weights predict, where a metric needs it (see predictions)
compiled/<mark>/…                    programs that XLA has compiled for earlier jobs, safe to delete (see kept_programs)
cohorts/<look>/<mark>.json           the receipt of arms that were trained together (see training/cohort_job)
measures/<look>.json                 what those predictions are worth by each metric that the study asks for
runs/<arm>/.<look>                   the job's receipt: what that folder was made from, and its lock (see job_folder)
.asked_for                           the folders of records that the present study asks for
runs/<arm>/.unfinished/<mark>/…      records, checkpoints and progress of a job that has not ended
runs/<arm>/.unfinished/<look>.failure.json   why a job has left no records
models/<best or all>/<arm>/<look>/seed_<n>.keras    the models that were kept
earlier/<origin>/seed_<n>.json       records of earlier trainings that the present study does not ask for (see inheritance)
data/…, data/<data set>/…            the stored arrays of the only data set, or of each of several (see data_file)
built/<arm>-<mark>.json              the layers that a user's model was built with, or why it could not be built
*/*.reads                            the files that a user's code has read, with their digests (see files_read)
mlflow/                              the runs in MLflow: a database and artifacts
summary.json                         the report's verdicts for programs (see report/summary_json)
tracked.json, register.json          what the last import into MLflow did; what the study planned and changed (see register)
mlflow.html                          links from the report into MLflow, by arm (see tracking/link_page)
costs.json                           what the arms' models cost in use, if that was asked for
.awaited                             what the start at work is to make anew (see awaited_anew)
.in_use                              the lock of the start that is at work in the folder
.tracking.lock, .tracking.last       the locks of who writes into MLflow, and of a start's last import, at which others give way
.study                               the name of the study whose results these are
.language                            the language that it asks for its report in (see languages/folder_language)
.identity.json                       by which the folder is known in a shared MLflow store (see tracking/identity)
.<file>.sha256, .<file>.copy         a file's checksum and its copy (see files)
"""

from __future__ import annotations

import contextlib
import json
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from butfor.records.files import CHECKSUM_SUFFIX, write_atomically

RUNS_FOLDER = "runs"
RUNS = "runs/{arm}/{look}"
TUNED = "tuned/{arm}/{look}"
RATES = "rates/{arm}.json"
DECISION = "looks/{look}.json"
COHORTS = "cohorts"
COHORT = "cohorts/{look}/{cohort}.json"
MEASURES = "measures/{look}.json"
BUILT = "built/{arm}-{mark}.json"
MODEL_FILES_READ = "built/{mark}.reads"
METRIC_FILES_READ = "measures/{mark}.reads"
DATA_FOLDER = "data"  # of several data sets, with a folder for each
ARRAYS = "arrays.npz"
MANIFEST = "manifest.json"
SOURCE = "source.json"
DATA_FILES_READ = "files.reads"
EARLIER = "earlier"
COMPILED = "compiled"
ASKED_FOR = ".asked_for"
AWAITED = ".awaited"
REPORT = "report.md"
MODELS = "models"
REGISTER = "register.json"
COSTS = "costs.json"
STUDY_NAME = ".study"
LANGUAGE = ".language"
MLFLOW_FOLDER = "mlflow"
TRACKED = "tracked.json"
MLFLOW_PAGE = "mlflow.html"
IDENTITY = ".identity.json"
RESULTS_LOCK = ".in_use"
TRACKING_LOCK = ".tracking.lock"
LAST_IMPORT = ".tracking.last"
FOLLOWER_LOG = "logs/follow.log"
UNFINISHED = ".unfinished"
RECORD_NAME = re.compile(r"seed_\d+\.json")
LOOK_NAME = re.compile(r"look\d+")
UNDER_WAY = f"runs/*/{UNFINISHED}/*/seed_*"  # what trainings leave that have not ended
FAILURE_SUFFIX = ".failure.json"
PROGRESS_SUFFIX = ".progress.jsonl"

Job = tuple[Path, int]  # the folder of a job's records, and the time of its last change, in ns


@dataclass(frozen=True)
class JobPlace:
    """The place of one training job's records, `runs/<arm>/<look>` below a results folder."""

    runs: Path

    @property
    def arm(self) -> str:
        """The arm that the job trained."""
        return self.runs.parent.name

    @property
    def look(self) -> str:
        """The look whose seeds it trained."""
        return self.runs.name

    @property
    def results(self) -> Path:
        """The results folder."""
        return self.runs.parents[2]

    @property
    def log(self) -> Path:
        """The job's log."""
        return self.results / "logs" / "train" / f"{self.arm}_{self.look}.log"

    def of_arm(self, arm: str) -> JobPlace:
        """The place of another arm's job for the same look."""
        return JobPlace(self.runs.parents[1] / arm / self.look)

    def model(self, selection: str, seed: int) -> Path:
        """The model of a seed, by which models are kept: best or all."""
        return self.results / MODELS / selection / self.arm / self.look / f"seed_{seed}.keras"

    def record(self, seed: int) -> Path:
        """The record of a seed."""
        return record_in(self.runs, seed)


def record_in(folder: Path, seed: int) -> Path:
    """The record of a seed in a folder of records."""
    return folder / f"seed_{seed}.json"


def records_of(folder: Path) -> list[Path]:
    """The records in a job's folder, by name."""
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        return [folder / name for name in sorted(filter(RECORD_NAME.fullmatch, os.listdir(folder)))]
    return []


def arms_with_folders(results: Path) -> set[str]:
    """The names below which there are or were jobs' records, by the names of the folders."""
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        return set(os.listdir(results / RUNS_FOLDER))
    return set()


def is_record(path: Path) -> bool:
    """Whether a file bears the name of a record; copies that file managers and synchronisers leave beside it do not."""
    return RECORD_NAME.fullmatch(path.name) is not None


def seed_of(record: Path) -> int:
    """The seed of the record in a file."""
    return int(record.stem.removeprefix("seed_"))


def records_below(folder: Path) -> list[Path]:
    """All records below a folder of arms, by path, without those of jobs that have not ended."""
    paths = sorted(filter(is_record, folder.glob("[!.]*/*/seed_*.json")))
    return [path for path in paths if LOOK_NAME.fullmatch(path.parent.name)]


def finished_seeds(runs: Path) -> list[Path]:
    """The records of seeds that are finished, of jobs below a folder of arms that have not ended."""
    return sorted(runs.glob(f"*/{UNFINISHED}/*/seed_*.json"))


def ask_for(results: Path, arms: Iterable[str], looks: Iterable[str]) -> None:
    """Note which jobs' records the present study asks for."""
    places = [RUNS.format(arm=arm, look=look) for arm in arms for look in looks]
    write_atomically(results / ASKED_FOR, json.dumps(places))


def asked_for(results: Path) -> set[Path] | None:
    """The folders of records that the last start asked for; None where that is not known."""
    try:
        return {results / place for place in json.loads((results / ASKED_FOR).read_text())}
    except (OSError, ValueError):
        return None


def data_file(results: Path, name: str, data_set: str) -> Path:
    """A file about a data set; data_set: its name among several, empty for the only one."""
    return results / DATA_FOLDER / data_set / name


def note_beside(runs: Path) -> Path:
    """The file of the failure note of a job whose records are to lie in the folder `runs`."""
    return runs.parent / UNFINISHED / f"{runs.name}{FAILURE_SUFFIX}"


def partner_note(runs: Path, place: int | str) -> Path:
    """The file of the failure note of a process that trains seeds beside such a job, of which only the job takes notice."""
    return runs.parent / UNFINISHED / f"{runs.name}.partner_{place}.json"


def partner_notes(runs: Path) -> list[Path]:
    """Those that there are, of a job that was killed too."""
    return sorted(runs.parent.glob(str(partner_note(runs, "*").relative_to(runs.parent))))


def notes_in(results: Path) -> list[Path]:
    """The failure notes of all jobs, by arm and look."""
    return sorted((results / RUNS_FOLDER).glob(f"*/{UNFINISHED}/*{FAILURE_SUFFIX}"))


def runs_of_built(built: Path, arm: str, look: str) -> Path:
    """The folder for the records of the arm whose model the file in `built/` is about."""
    return built.parents[1] / RUNS.format(arm=arm, look=look)


def results_of(file: Path) -> Path:
    """The results folder of a file that lies directly in it, such as tracked.json."""
    return file.parent


def built_files(results: Path) -> list[Path]:
    """The files about models of the user's own."""
    return sorted((results / BUILT).parent.glob("*.json"))


def receipt_beside(runs: Path) -> Path:
    """The file of the receipt of the job whose records are to lie in the folder `runs`."""
    return runs.parent / f".{runs.name}"


def jobs_with_receipts(results: Path) -> list[Path]:
    """The folders of records, there or not, that have a receipt beside them."""
    receipts = sorted([*results.glob("runs/*/.look*"), *results.glob("tuned/*/.look*")])
    return [receipt.with_name(receipt.name.removeprefix(".")) for receipt in receipts]


def jobs_of(results: Path) -> list[Path]:
    """The same of the jobs that train arms at their recipe's own learning rate."""
    return [runs for runs in jobs_with_receipts(results) if runs.parents[1].name == RUNS_FOLDER]


def files_with_checksums(results: Path) -> list[Path]:
    """The derived files, there or not, that have a checksum beside them."""
    checksums = sorted([*results.glob(f".*{CHECKSUM_SUFFIX}"), *results.glob(f"[!.]*/.*{CHECKSUM_SUFFIX}")])
    checksums += sorted(results.glob(f"{DATA_FOLDER}/[!.]*/.*{CHECKSUM_SUFFIX}"))
    return [path.with_name(path.name.removeprefix(".").removesuffix(CHECKSUM_SUFFIX)) for path in checksums]


def mlflow_database(results: Path) -> Path:
    """The study's own database of runs."""
    return results / MLFLOW_FOLDER / "mlflow.db"


def mlflow_artifacts(results: Path) -> Path:
    """The folder of the runs' artifacts where no server keeps them."""
    return results / MLFLOW_FOLDER / "artifacts"


def progress_below(runs: Path) -> list[Path]:
    """The progress files of the trainings under way below a folder of arms."""
    return sorted(runs.glob(f"*/{UNFINISHED}/*/*{PROGRESS_SUFFIX}"))


def trained_by(progress: Path, look: str) -> JobPlace:
    """The place of the job that writes a progress file, by the look that it trains."""
    return JobPlace(progress.parents[2] / look)


def ended_jobs(runs: Path, arms: Iterable[str]) -> Iterator[Job]:
    """The jobs of these arms whose records lie below the folder `runs`."""
    for arm in arms:
        for folder in sorted((runs / arm).glob("[!.]*")):
            with contextlib.suppress(FileNotFoundError):  # a job may be replacing its records
                yield folder, folder.stat().st_mtime_ns

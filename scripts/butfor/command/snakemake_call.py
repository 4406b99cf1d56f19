"""A start of Snakemake from the command line: the same words as `snakemake`, with the workflow and the study filled in."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import NoReturn

from click.shell_completion import CompletionItem

from butfor.errors import StudyError

ROOT = Path(__file__).resolve().parents[3]
SNAKEFILE = ROOT / "Snakefile"
STUDY_ENDINGS = (".yaml", ".yml", ".json")
CORES = ("-c", "--cores", "-j", "--jobs", "--profile", "-n", "--dry-run", "--dryrun", "--unlock")
QUIET = ("-q", "--quiet", "-p", "--printshellcmds", "--verbose")
NO_REASONS = ("reason", "host")  # what Snakemake does not say unless it is asked to
CONFIG_FILES = ("--configfile", "--configfiles")
PASSED_ON = {"ignore_unknown_options": True, "help_option_names": ["-h", "--help"]}


def start(
    words: Sequence[str],
    target: str = "",
    more: Sequence[str] = (),
    chatter: bool = False,
    silent: Sequence[str] = NO_REASONS,
) -> NoReturn:
    """Become Snakemake. words: what the user wrote: the study file, if any, first; the rest is Snakemake's.

    target: a rule of the workflow; none is the whole study. more: options that go with it. silent: which of Snakemake's messages
    are left out, unless `chatter` asks for all. Raises StudyError where there is no study file of that name, which Snakemake
    would say by its own lines.
    """
    refuse_missing_files(words)
    command = arguments(words, target, more, () if chatter else silent)
    snakemake = Path(sys.executable).with_name("snakemake")
    if snakemake.is_file():
        os.execv(snakemake, [str(snakemake), *command])
    os.execv(sys.executable, [sys.executable, "-P", "-m", "snakemake", *command])


def arguments(
    words: Sequence[str], target: str = "", more: Sequence[str] = (), silent: Sequence[str] = NO_REASONS
) -> list[str]:
    """Snakemake's arguments. The target comes first: after --configfile, Snakemake would take it for another file."""
    study, rest = divided(words)
    given = {word.partition("=")[0] for word in rest} | {word[:2] for word in rest if word[:1] == "-" != word[1:2]}
    cores = [] if given & set(CORES) else ["--cores", "all"]
    quiet = ["--quiet", *silent] if silent and not given & set(QUIET) else []
    snakefile = [] if given & {"-s", "--snakefile"} or here() else ["--snakefile", str(SNAKEFILE)]
    named = ["--configfile", study] if study else []
    return [*([target] if target else []), *rest, *more, *snakefile, *cores, *quiet, *named]


def refuse_missing_files(words: Sequence[str]) -> None:
    """Raise StudyError where a study file, or what --configfile names, is no file."""
    named, is_config = [divided(words)[0]], False
    for word in words:
        option, _, value = word.partition("=")
        is_config = option in CONFIG_FILES or (is_config and not word.startswith("-"))
        named += [value] if option in CONFIG_FILES else [word] if is_config else []
    if words and Path(words[0]).is_dir():
        named.append(words[0])
    for path in map(Path, filter(None, named)):
        if not path.is_file():
            received = "a folder" if path.is_dir() else "nothing of that name"
            near = get_close_matches(path.name, [each.name for each in path.parent.glob("*.y*ml")], 1)
            meant = f" Did you mean {path.with_name(near[0])}?" if near else " `butfor new` writes one."
            raise StudyError(f"{path}: expected a study file, received {received}.{meant}")


def divided(words: Sequence[str]) -> tuple[str, list[str]]:
    """The study file that stands first, empty if none does, and the words for Snakemake."""
    first = words[0] if words else ""
    is_study = not first.startswith("-") and first.endswith(STUDY_ENDINGS)
    return (first, list(words[1:])) if is_study else ("", list(words))


def here() -> bool:
    """Whether Snakemake finds this workflow by itself, as it does in the folder of the clone."""
    return Path("Snakefile").resolve() == SNAKEFILE


def study_files(ctx: object, parameter: object, incomplete: str) -> list[CompletionItem]:
    """What a shell completes: files."""
    return [CompletionItem(incomplete, type="file")]

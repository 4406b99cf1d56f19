"""The outlook of a study in words, for the terminal."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from butfor.languages.phrases import phrase, plural, stored, template
from butfor.outlook.advice_text import advice
from butfor.outlook.build_text import build_lines
from butfor.outlook.outlook import Outlook
from butfor.outlook.power_text import power_lines
from butfor.outlook.run_seconds import ALIKE, OTHER_MODEL, OWN, PROBE
from butfor.outlook.time_needed import TimeNeeded
from butfor.plain_text import counted
from butfor.text_width import padded, padded_before, width
from butfor.verdicts.words import listed
from butfor.workflow import parameters

MOST_ARMS = 40  # that are told one by one
FEW_ARMS = 3  # of a job, that are named
COLUMN = 13  # places of a column of times
TOLD_BY = {
    OWN: template("their own records"),
    ALIKE: template("records of arms like them"),
    OTHER_MODEL: template("records of arms with another model, whose time may be another"),
    PROBE: template("some steps of the baseline that were tried just now"),
}


def outlook_text(outlook: Outlook) -> str:
    """All that a person wants to know before a start, a paragraph for each thing."""
    paragraphs = [
        _size(outlook),
        build_lines(outlook.unbuildable, outlook.not_built),
        _time(outlook),
        _machine(outlook),
    ]
    paragraphs += [power_lines(outlook.power), *advice(outlook)]
    return "\n\n".join("\n".join(lines) for lines in paragraphs if lines)


def _size(outlook: Outlook) -> list[str]:
    ablations = sum(reference is not None for reference in outlook.arms.values())
    adds = [len(seeds) for seeds in outlook.looks.values()]
    seen = [sum(adds[: place + 1]) for place in range(len(adds))]
    arms = phrase(
        "Plan of the study {study}: {arms}, {ablations} of them compared with a reference.",
        study=outlook.study,
        arms=counted(len(outlook.arms), "arm"),
        ablations=ablations,
    )
    if len(seen) == 1:
        runs = counted(len(outlook.arms) * seen[0], "run")
        looks = phrase("Each arm is trained with {seeds}: {runs}.", seeds=counted(seen[0], outlook.noun), runs=runs)
    else:
        looks = phrase(
            "Looks after {looks} seeds: {first} runs up to the first, at most {most} in all; after each look only what is"
            " undecided goes on.",
            looks=listed(list(map(str, seen))),
            first=len(outlook.arms) * seen[0],
            most=len(outlook.arms) * seen[-1],
        )
    there = sum(map(len, outlook.cached.values()))
    cached = phrase("No run is there yet.")
    if there:
        cached = plural(
            "{n} of these runs needs no training: its record is there.",
            "{n} of these runs need no training: their records are there.",
            there,
        )
    return [arms, looks, cached]


def _time(outlook: Outlook) -> list[str]:
    time = outlook.time
    if time is None:
        return [phrase("How long it takes is not known: {why}.", why=stored(outlook.why_no_time.rstrip(".")))]
    if not time.most.to_train:
        return [phrase("Nothing is left to train.")]
    lines = [_total(time, outlook.cores), *idle_words(outlook, time), *shared_lines(time)]
    sources = {each.source for each in time.arms.values()}
    told_by = listed([phrase(words) for source, words in TOLD_BY.items() if source in sources])
    lines.append(
        phrase(
            "Time per arm on one core, by {sources} (once a job: from its start to what its first run compiles):",
            sources=told_by,
        )
    )
    return [*lines, *_arms(outlook, time)]


def _total(time: TimeNeeded, cores: int) -> str:
    least, most = time.least, time.most
    values = {
        "cores": counted(cores, "core"),
        "jobs": counted(time.side_by_side, "job"),
        "least": minutes(least.seconds),
        "fewest": counted(least.to_train, "run"),
        "most": minutes(most.seconds),
        "all": counted(most.to_train, "run"),
    }
    if least.to_train == most.to_train:
        return phrase(
            "Time: about {most} on {cores}, {jobs} at a time ({all} to train), from start to report.", **values
        )
    if not least.to_train:
        return phrase(
            "Time, from start to report, on {cores}, {jobs} at a time: next to nothing if every ablation is settled by the runs"
            " that are there, at most {most} if none is settled before the last look ({all} to train).",
            **values,
        )
    return phrase(
        "Time, from start to report, on {cores}, {jobs} at a time: about {least} if every ablation is settled as soon as it can"
        " be ({fewest} to train), at most {most} if none is settled before the last look ({all} to train).",
        **values,
    )


def idle_words(outlook: Outlook, time: TimeNeeded) -> list[str]:
    """That times are those of an idle machine, and what this one is at."""
    load, cores = outlook.load, outlook.machine_cores
    is_probed = any(arm.source == PROBE for arm in time.arms.values())
    lines = [phrase("All times are those of a machine that does nothing else.")] if is_probed else []
    values = {"load": f"{load:.1f}", "cores": counted(cores, "core"), "times": f"{load / cores:.1f}"}
    if load > cores and time.were_slowed:
        lines.append(
            phrase(
                "The machine is busy now: load {load} on {cores}. Its processors were full in the recorded runs too, whose times"
                " have that in them: if that was the study's own work alone, expect up to {times} times as long.",
                **values,
            )
        )
    elif load > cores:
        lines.append(
            phrase("The machine is busy now: load {load} on {cores}; expect about {times} times as long.", **values)
        )
    return lines


def _arms(outlook: Outlook, time: TimeNeeded) -> Iterator[str]:
    """A line per arm: what each job has once, what each run has, and what they come to at the first look and at all."""
    adds = [len(seeds) for seeds in outlook.looks.values()]
    wide = max(map(width, [*outlook.arms, *(_few_arms(job.arms) for job in time.shared)]))
    whole = [phrase("first look"), phrase("all looks")] if len(adds) > 1 else [phrase("all runs")]
    shown = [phrase("once a job"), phrase("each run"), *whole]
    yield f"  {'':{wide}}" + "".join(padded_before(head, COLUMN) for head in shown)
    together = {arm for job in time.shared for arm in job.arms}
    for job in time.shared:
        name = _few_arms(job.arms)
        yield f"  {padded(name, wide)}" + "".join(f"  {_short(each)}" for each in (job.once, job.each, job.seconds))
    alone = [name for name in outlook.arms if name not in together]
    for name in alone[:MOST_ARMS]:
        arm = time.arms[name]
        once = time.start + arm.once
        jobs = [once + seeds * arm.each for seeds in adds]
        times = [once, arm.each, jobs[0], *([sum(jobs)] if len(jobs) > 1 else [])]
        yield f"  {padded(name, wide)}" + "".join(f"  {_short(each)}" for each in times)
    if (more := len(alone) - MOST_ARMS) > 0:
        yield "  " + phrase("and {arms} more, which plan.json lists.", arms=counted(more, "arm"))


def shared_lines(time: TimeNeeded) -> list[str]:
    """Which arms train together in the next look, and by what their time is told; nothing where each trains by itself."""
    if not time.shared:
        return []
    jobs = [f"{counted(job.runs, 'run')} ({_few_arms(job.arms)})" for job in time.shared]
    line = phrase(
        "Trained together at {look}, in one job each: {jobs}. Arms that are added or changed later train without these.",
        look=time.shared[0].look,
        jobs=listed(jobs),
    )
    if time.shared_is_known:
        return [line]
    return [
        line,
        phrase(
            "No record tells what runs take together: they are counted one after another, each as long as by itself, which"
            " on a GPU is more than they take."
        ),
    ]


def _few_arms(arms: list[str]) -> str:
    return listed(arms) if len(arms) <= FEW_ARMS else counted(len(arms), "arm")


def _short(seconds: float) -> str:
    """A time in a column of eleven signs."""
    return f"{seconds:9.1f} s" if seconds < 100 else f"{seconds / 60:7.1f} min"


def _machine(outlook: Outlook) -> list[str]:
    jobs = max(1, outlook.cores // outlook.threads)
    gigabytes = jobs * outlook.memory / 1000
    source = (
        phrase("as records and probes have shown")
        if outlook.memory_is_measured
        else phrase("as job.mem_mb says; no record tells it")
    )
    needs = phrase(
        "A start needs {cores} ({threads} a training) and about {memory} GB of memory for {jobs} side by side ({source}).",
        cores=counted(outlook.cores, "core"),
        threads=counted(outlook.threads, "thread"),
        memory=f"{gigabytes:.1f}",
        jobs=counted(jobs, "training"),
        source=source,
    )
    return [f"{needs} {_gpus(outlook)}"]


def _gpus(outlook: Outlook) -> str:
    if outlook.gpus:
        return phrase("Each training uses one of the {gpus} of this machine.", gpus=counted(outlook.gpus, "GPU"))
    if outlook.unusable_gpus:
        return phrase(
            "The libraries that are installed train on the processor alone, although this machine has {gpus}: `{command}`"
            " installs those that use it.",
            gpus=counted(outlook.unusable_gpus, "GPU"),
            command="make setup GPU=1" + " ENGINE=jax" * (parameters.engine() == parameters.JAX),
        )
    return phrase("No GPU is needed, and none is used here.")


def minutes(seconds: float) -> str:
    """A time from seconds to hours, as one plans with it."""
    if seconds < 100:
        return phrase("{n} s", n=f"{seconds:.0f}")
    if seconds < 100 * 60:
        return phrase("{n} minutes", n=f"{seconds / 60:.0f}")
    return phrase("{n} hours", n=f"{seconds / 3600:.1f}")


def where_written(path: Path) -> str:
    """The last line, on the plan as a file."""
    return phrase("The same as JSON: {path}. Nothing was trained that is kept.", path=path)

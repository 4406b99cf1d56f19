"""The outlook of a study in words, for the terminal."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from butfor.outlook.outlook import Outlook
from butfor.outlook.power_text import power_lines
from butfor.outlook.run_seconds import ALIKE, OTHER_MODEL, OWN, PROBE
from butfor.outlook.time_needed import Span, TimeNeeded
from butfor.outlook.untouched_parts import lines_to_add
from butfor.plain_text import counted
from butfor.verdicts.words import listed

MOST_ARMS = 40  # that are told one by one
TOLD_BY = {
    OWN: "their own records",
    ALIKE: "records of arms like them",
    OTHER_MODEL: "records of arms with another model, whose time may be another",
    PROBE: "some steps of the baseline that were tried just now",
}


def outlook_text(outlook: Outlook) -> str:
    """All that a person wants to know before a start, a paragraph for each thing."""
    paragraphs = [_size(outlook), _time(outlook), _machine(outlook), power_lines(outlook.power), *_to_know(outlook)]
    return "\n\n".join("\n".join(lines) for lines in paragraphs if lines)


def _size(outlook: Outlook) -> list[str]:
    ablations = sum(reference is not None for reference in outlook.arms.values())
    adds = [len(seeds) for seeds in outlook.looks.values()]
    seen = [sum(adds[: place + 1]) for place in range(len(adds))]
    arms = (
        f"Plan of the study {outlook.study}: {counted(len(outlook.arms), 'arm')}, {ablations} of them compared with a"
        " reference."
    )
    if len(seen) == 1:
        looks = f"Each arm is trained with {counted(seen[0], 'seed')}: {counted(len(outlook.arms) * seen[0], 'run')}."
    else:
        looks = (
            f"Looks after {listed(list(map(str, seen)))} seeds: {len(outlook.arms) * seen[0]} runs up to the first, at most"
            f" {len(outlook.arms) * seen[-1]} in all; after each look only what is undecided goes on."
        )
    there = sum(map(len, outlook.cached.values()))
    cached = (
        f"{counted(there, 'run')} of these need no training: the records are there."
        if there
        else "No run is there yet."
    )
    return [arms, looks, cached]


def _time(outlook: Outlook) -> list[str]:
    time = outlook.time
    if time is None:
        return [f"How long it takes is not known: {outlook.why_no_time.rstrip('.')}."]
    if not time.most.to_train:
        return ["Nothing is left to train."]
    lines = [_total(time, outlook.cores), *idle_words(outlook, time)]
    sources = {each.source for each in time.arms.values()}
    told_by = listed([words for source, words in TOLD_BY.items() if source in sources])
    lines.append(f"Time per arm on one core, by {told_by} (once a job: from its start to what its first run compiles):")
    return [*lines, *_arms(outlook, time)]


def _total(time: TimeNeeded, cores: int) -> str:
    least, most = time.least, time.most
    on = f"on {counted(cores, 'core')}, {counted(time.side_by_side, 'job')} at a time"
    if least.to_train == most.to_train:
        return f"Time: about {minutes(most.seconds)} {on} ({_runs(most)}), from start to report."
    first = f"about {minutes(least.seconds)} if every ablation is settled as soon as it can be ({_runs(least)})"
    if not least.to_train:
        first = "next to nothing if every ablation is settled by the runs that are there"
    return (
        f"Time, from start to report, {on}: {first}, at most {minutes(most.seconds)} if none is settled before the last look"
        f" ({_runs(most)})."
    )


def idle_words(outlook: Outlook, time: TimeNeeded) -> list[str]:
    """That times are those of an idle machine, and what this one is at."""
    load, cores = outlook.load, outlook.machine_cores
    is_probed = any(arm.source == PROBE for arm in time.arms.values())
    lines = ["All times are those of a machine that does nothing else."] if is_probed else []
    if load > cores:
        lines.append(
            f"The machine is busy now: load {load:.1f} on {counted(cores, 'core')};"
            f" expect about {load / cores:.1f} times as long."
        )
    return lines


def _runs(span: Span) -> str:
    return f"{counted(span.to_train, 'run')} to train"


def _arms(outlook: Outlook, time: TimeNeeded) -> Iterator[str]:
    """A line per arm: what each job has once, what each run has, and what they come to at the first look and at all."""
    adds = [len(seeds) for seeds in outlook.looks.values()]
    width = max(map(len, outlook.arms))
    yield f"  {'':{width}}  once a job     each run   first look" + ("    all looks" if len(adds) > 1 else "")
    for name in list(outlook.arms)[:MOST_ARMS]:
        arm = time.arms[name]
        once = time.start + arm.once
        jobs = [once + seeds * arm.each for seeds in adds]
        row = f"  {name:{width}}  {once:8.1f} s  {arm.each:9.1f} s  {_short(jobs[0])}"
        yield row + (f"  {_short(sum(jobs))}" if len(jobs) > 1 else "")
    if (more := len(outlook.arms) - MOST_ARMS) > 0:
        yield f"  and {counted(more, 'arm')} more, which plan.json lists."


def _short(seconds: float) -> str:
    """A time in a column of eleven signs."""
    return f"{seconds:9.1f} s" if seconds < 100 else f"{seconds / 60:7.1f} min"


def _machine(outlook: Outlook) -> list[str]:
    jobs = max(1, outlook.cores // outlook.threads)
    gigabytes = jobs * outlook.memory / 1000
    source = (
        "as records and probes have shown" if outlook.memory_is_measured else "as job.mem_mb says; no record tells it"
    )
    gpu = (
        f"Each training uses one of the {counted(outlook.gpus, 'GPU')} of this machine."
        if outlook.gpus
        else "No GPU is needed, and none is used here."
    )
    return [
        f"It needs {counted(outlook.cores, 'core')} ({counted(outlook.threads, 'thread')} a training) and about"
        f" {gigabytes:.1f} GB of memory for {counted(jobs, 'training')} side by side ({source}). {gpu}"
    ]


def _to_know(outlook: Outlook) -> Iterator[list[str]]:
    """What the user may want to change before it costs anything."""
    for names in outlook.alike:
        yield [
            f"{listed(names)} would train the very same runs: what is set differently never acts. Such an arm is found void after"
            " its training; change it or leave it out."
        ]
    if outlook.untouched:
        lines = "\n".join(f"    {line}" for line in lines_to_add(outlook.untouched))
        yield [
            f"No arm touches these active parts of the recipe, so that the study says nothing about them:"
            f" {listed(list(outlook.untouched))}. To ask about them, add to the study file:",
            lines,
        ]
    if outlook.unclaimed:
        yield [
            f"No claim is about {listed(outlook.unclaimed)}; a claim counts as declared only if it is there before the first run."
        ]


def minutes(seconds: float) -> str:
    """A time from seconds to hours, as one plans with it."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} minutes" if seconds < 100 * 60 else f"{seconds / 3600:.1f} hours"


def where_written(path: Path) -> str:
    """The last line, on the plan as a file."""
    return f"The same as JSON: {path}. Nothing was trained that is kept."

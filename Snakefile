# butfor: but for this part of the recipe, would the model be as good?
#
#   snakemake --cores 2                                   the study in config/config.yaml
#   snakemake --cores 2 --configfile config/tiny.yaml     another study: a file that names a `study` stands alone,
#                                                         any other is laid over config/config.yaml
#   snakemake --cores 2 partial                           a report on what has been trained so far
#   snakemake --cores 2 plan                              what a study would take and could show, before it trains
#   snakemake --cores 2 paper                             tables and figures for a paper, in LaTeX
#
# Everything is written into the study's results folder: report.html, or report.md, is to be read, runs/ holds the records.
import sys
from pathlib import Path

from snakemake.dag import ScriptProcessor
from snakemake.executors.local import Executor
from snakemake.iocontainers import Snakemake
from snakemake.jobs import Job
from snakemake.persistence import PersistenceBase
from snakemake.scheduling.greedy import Scheduler
from snakemake.script import PythonScript
from snakemake.utils import min_version

min_version("9.21")  # path variables

# Of this file, which another workflow may use.
BASE = workflow.current_basedir.get_path_or_uri(secret_free=True)
sys.path.insert(0, f"{BASE}/scripts")

from butfor.forks.servers import ForkServers, first_after_trainings
from butfor.process.rare_collection import collect_rarely, end_without_collection
from butfor.study.unreadable_yaml import refuse_unreadable_yaml
from butfor.workflow import (
    known_signatures,
    metric_trials,
    optimiser_trials,
    parameter_frames,
    planning,
    schedule_trials,
)
from butfor.workflow import present_scripts, quoted_python

quoted_python.quote(PythonScript, Executor)
present_scripts.look_once(ScriptProcessor)
parameter_frames.look_where_imported(PersistenceBase, Snakemake)
collect_rarely()  # of ten thousand jobs, a tenth of a start's work
end_without_collection()
fork_servers = ForkServers()
if workflow.is_main_process:
    fork_servers.start_scripts_of(PythonScript)

if "study" not in config:
    planning.or_exit(refuse_unreadable_yaml, Path(BASE) / "config" / "config.yaml")

    configfile: f"{BASE}/config/config.yaml"


include: "rules/common.smk"
include: "rules/data.smk"
include: "rules/build.smk"
include: "rules/cohort.smk"
include: "rules/train.smk"
include: "rules/tune.smk"
include: "rules/measure.smk"
include: "rules/decide.smk"
include: "rules/cost.smk"
include: "rules/check.smk"
include: "rules/compare.smk"
include: "rules/shown.smk"
include: "rules/report.smk"
include: "rules/plan.smk"
include: "rules/paper.smk"
include: "rules/track.smk"
include: "rules/handlers.smk"


known_signatures.remember(workflow.rules)

if workflow.is_main_process:
    dependencies.save()
    own.save()
    planning.inherit(targets, study, targets.is_dry_run)
    planning.try_or_exit(workflow, metric_trials.try_metrics, study, targets)
    planning.try_or_exit(workflow, schedule_trials.try_schedules, targets.costed(), own)
    planning.try_or_exit(
        workflow, optimiser_trials.try_optimisers, targets.costed(), own
    )
    planning.share_gpus(workflow, study["job"]["gpu_share"])
    retries.refuse_once(Job)
    retries.reserve_anew(Job)
    training_order.start_in_order(Scheduler)


rule all:
    default_target: True
    input:
        "<results>/report.md",
        "<results>/report.html",
        "<results>/comment.md",
        # The inputs of these are requested too: Snakemake does not update a file that only a finished file needs.
        "<results>/contrasts.json",
        "<results>/comparison.json",
        "<results>/claims.json",
        "<results>/checks.json",
        "<results>/summary.json",
        "<results>/tables",
        targets.drawn("<results>/figures"),
        trained,
        "<results>/tracked.json" if study["tracking"]["mlflow"] else [],
    localrule: True

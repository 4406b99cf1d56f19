# butfor: but for this part of the recipe, would the model be as good?
#
#   snakemake --cores 2                                   the study in config/config.yaml
#   snakemake --cores 2 --configfile config/tiny.yaml     another study: a file that names a `study` stands alone,
#                                                         any other is laid over config/config.yaml
#   snakemake --cores 2 partial                           a report on what has been trained so far
#
# Everything lands in the study's results folder: report.md is what to read, runs/ is the truth it is made from.
import sys

from snakemake.exceptions import WorkflowError
from snakemake.utils import min_version

min_version("9.21")  # path variables

sys.path.insert(0, f"{workflow.basedir}/scripts")

if "study" not in config:

    configfile: f"{workflow.basedir}/config/config.yaml"


include: "rules/common.smk"
include: "rules/data.smk"
include: "rules/build.smk"
include: "rules/train.smk"
include: "rules/tune.smk"
include: "rules/track.smk"
include: "rules/decide.smk"
include: "rules/check.smk"
include: "rules/compare.smk"
include: "rules/report.smk"


rule all:
    default_target: True
    input:
        "<results>/report.md",
        # What these are made from is asked for too: Snakemake makes nothing anew that only a finished file needs.
        "<results>/contrasts.json",
        "<results>/checks.json",
        trained,
        tracked,
    localrule: True


# Before the first job of a start; never in a dry run, nor where there is nothing to do. Imported here, because the
# register brings NumPy, and every job of a cluster run parses this file.
onstart:
    from butfor import register

    try:
        register.register(
            Path(register_path),
            study["claims"],
            claims.terms(study),
            runs=Path(study["results"]) / "runs",
        )
    except StudyError as error:
        raise WorkflowError(str(error))
    if study["tracking"]["mlflow"]:
        results = Path(study["results"])
        follow_log = results / "logs" / "follow.log"
        live = study["tracking"]["live"] and tracking_target.is_server(results)
        live_tracking.start(mirrored, results, live, log=follow_log)


onsuccess:
    for line in headline.refused(Path(study["results"])):
        print(line, file=sys.stderr)

# butfor: but for this part of the recipe, would the model be as good?
#
#   snakemake --cores 2                                   the study in config/config.yaml
#   snakemake --cores 2 --configfile config/tiny.yaml     another study: a file that names a `study` stands alone,
#                                                         any other is laid over config/config.yaml
#   snakemake --cores 2 partial                           a report on what has been trained so far
#
# Everything is written into the study's results folder: report.md is to be read, runs/ holds the records it is made from.
import sys

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
include: "rules/decide.smk"
include: "rules/check.smk"
include: "rules/compare.smk"
include: "rules/report.smk"
include: "rules/track.smk"


if workflow.is_main_process:
    dependencies.save()


rule all:
    default_target: True
    input:
        "<results>/report.md",
        # The inputs of these are requested too: Snakemake does not update a file that only a finished file needs.
        "<results>/contrasts.json",
        "<results>/comparison.json",
        "<results>/claims.json",
        "<results>/checks.json",
        trained,
        "<results>/tracked.json" if study["tracking"]["mlflow"] else [],
    localrule: True


# Before the first job of a start; never in a dry run, nor where there is nothing to do. Imported here, because it imports
# NumPy, and every job of a cluster run parses this file.
onstart:
    from butfor.workflow import beginning

    beginning.begin(study, mirrored)


onsuccess:
    from butfor.report import headline

    for line in headline.refused(Path(study["results"])):
        print(line, file=sys.stderr)

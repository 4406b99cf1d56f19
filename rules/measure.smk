# Takes: the records of a look with their predictions. Makes: their values by the metrics that the study asks for, one job for
# all runs of the look, which measures only what its last file does not have. Only with `metrics` in the study.


rule measure:
    """Measure the runs of a look by what they predict."""
    input:
        runs=lambda wildcards: targets.to_measure(wildcards.measured),
        arrays=all_arrays,
        manifests=all_manifests,
    output:
        measures=update("<results>/measures/{measured}.json"),
    log:
        "<logs>/measure_{measured}.log",
    wildcard_constraints:
        measured=r"(tuned_)?look\d+",
    retries: 0
    localrule: True
    params:
        measuring={**targets.measuring, "code": code("measure")},
    message:
        "Measure the runs of {wildcards.measured}"
    script:
        "../scripts/measure.py"

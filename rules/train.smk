# Takes: the stored data set and one arm's recipe. Makes: one record per seed of a look, and on request models.
from butfor.workflow import training_order

# Baselines and references before the rest, so that a study which was stopped can be compared as far as it got.
precedence = training_order.precedence(plan)

built_of = (
    (lambda wildcards: targets.built(wildcards.arm)) if targets.user_models else []
)


rule train:
    """Train the seeds of one look of one arm."""
    input:
        arrays=by_arm(arrays_of),
        manifest=(
            (lambda wildcards: awaited_manifest_of(wildcards.arm))
            if stale
            else by_arm(manifest_of)
        ),
        built=built_of,
        cohort=cohort_of,
    output:
        **{
            selection: directory(f"<results>/{path}")
            for selection, path in targets.models().items()
        },
        runs=directory("<results>/runs/{arm}/{look}"),
    log:
        "<logs>/train/{arm}_{look}.log",
    priority: lambda wildcards: 10 + precedence(wildcards.arm)
    threads: study["threads"]
    resources:
        gpu=gpu_of_arm,
        mem_mb=memory,
        runtime=runtime,
        runtime_least=study["job"]["runtime"],
    params:
        training=training,
        made_of=made_of,
        announcement=lambda wildcards, input: together.announced_after(
            input.get("cohort"),
            targets.announcement(wildcards.arm, wildcards.look, is_forced),
        ),
    message:
        "{params.announcement}"
    script:
        "../scripts/train.py"

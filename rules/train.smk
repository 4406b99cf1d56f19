# Takes: the stored data set and one arm's recipe. Makes: one record per seed of a look, and on request models.
from butfor.workflow import training_order
from butfor.workflow.spare_cores import SpareCores

# Baselines and references before the rest, so that a study which was stopped can be compared as far as it got.
precedence = training_order.precedence(plan)

# One process a job where threads are given by rule, and where a device trains and no core.
has_given_threads = (
    workflow.modifier.modify_rulename("train")
    in workflow.resource_settings.overwrite_threads
)
trains_on_cores = not (together.are_possible or provenance.gpus() or has_given_threads)
most_cores = filter(
    None, [workflow.resource_settings.cores, workflow.resource_settings.max_threads]
)
memory_of_start = workflow.global_resources.get("mem_mb")
spare_cores = SpareCores(
    study,
    plan,
    targets,
    asked=lambda: workflow.dag_settings.targets,
    cores=min(most_cores, default=None) if trains_here and trains_on_cores else None,
    most_memory=memory_of_start.value if memory_of_start else None,
)

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
    threads: lambda wildcards, attempt: study["threads"] * spare_cores.processes(*wildcards, attempt)
    resources:
        gpu=gpu_of_arm,
        mem_mb=lambda wildcards, attempt: memory(wildcards, attempt)
        * spare_cores.processes(*wildcards, attempt),
        runtime=runtime,
        runtime_least=study["job"]["runtime"],
    params:
        threads_each=lambda wildcards, input: (
            None if has_given_threads else study["threads"]
        ),
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

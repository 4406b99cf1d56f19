# Takes: the stored data set and one arm's recipe. Makes: one record per seed of a look, and on request models.


rule train:
    """Train the seeds of one look of one arm."""
    input:
        arrays=lambda wildcards: arrays_of(wildcards.arm),
        manifest=lambda wildcards: manifest_of(wildcards.arm),
        built=lambda wildcards: targets.built(wildcards.arm),
    output:
        **{
            selection: directory(f"<results>/{path}")
            for selection, path in targets.models().items()
        },
        runs=directory("<results>/runs/{arm}/{look}"),
    log:
        "<logs>/train/{arm}_{look}.log",
    priority: 10
    threads: study["threads"]
    resources:
        gpu=min(1, provenance.gpus()),
        mem_mb=memory,
        runtime=runtime,
        runtime_least=study["job"]["runtime"],
    params:
        training=training,
        made_of=made_of,
        announcement=lambda wildcards, input: targets.announcement(
            wildcards.arm, wildcards.look, is_forced
        ),
    message:
        "{params.announcement}"
    script:
        "../scripts/train.py"

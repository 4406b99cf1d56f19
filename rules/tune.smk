# Takes: an arm's recipe. Makes: the results of a small search of the learning rate, the same for every arm, and the arm's
# runs at the best rate. Only with `tune` in the study.


rule search:
    """Try each learning rate for one arm, on validation images."""
    input:
        arrays=lambda wildcards: arrays_of(wildcards.arm),
        manifest=lambda wildcards: targets.data.of_arm("manifest.json", wildcards.arm),
        built=lambda wildcards: targets.built(wildcards.arm),
    output:
        rates="<results>/rates/{arm}.json",
    log:
        "<logs>/search/{arm}.log",
    priority: lambda wildcards: precedence(wildcards.arm)
    threads: study["threads"]
    resources:
        gpu=min(1, provenance.gpus()),
        mem_mb=memory,
        runtime=runtime,
        runtime_least=study["job"]["runtime"],
    params:
        search=lambda wildcards: targets.search(wildcards.arm),
        code=code("search", engine),
    message:
        "Search the learning rate of {wildcards.arm}"
    script:
        "../scripts/search.py"


rule tune:
    """Train the seeds of one look of one arm at its best rate."""
    input:
        rates="<results>/rates/{arm}.json",
        fixed="<results>/runs/{arm}/{look}",
        arrays=lambda wildcards: arrays_of(wildcards.arm),
        manifest=lambda wildcards: targets.data.of_arm("manifest.json", wildcards.arm),
    output:
        runs=directory("<results>/tuned/{arm}/{look}"),
    log:
        "<logs>/tune/{arm}_{look}.log",
    priority: lambda wildcards: precedence(wildcards.arm)
    threads: study["threads"]
    resources:
        gpu=min(1, provenance.gpus()),
        mem_mb=memory,
        runtime=runtime,
        runtime_least=study["job"]["runtime"],
    params:
        training=training,
        made_of=made_of,
        metric=study["verdict"]["metric"],
        code=code("tune", engine),
    message:
        "Train {wildcards.arm}, {wildcards.look}, at its best rate"
    script:
        "../scripts/tune.py"

# Takes: an arm's recipe. Makes: what the same small search of the learning rate finds for every arm, and the arm's runs at
# the best rate. Only with `tune` in the study.


rule search:
    """Try each learning rate for one arm, on validation images."""
    input:
        arrays=ancient("<results>/data/arrays.npz"),
        manifest="<results>/data/manifest.json",
        code=code("search", "rate_search", *provenance.TRAINING_CODE),
        own=own_files_of,
        built=built_of,
    output:
        found="<results>/rates/{arm}.json",
    log:
        "<logs>/search/{arm}.log",
    threads: study["threads"]
    resources:
        gpu=min(1, provenance.gpus()),
        mem_mb=memory,
        runtime=time_limit,
        runtime_least=study["job"]["runtime"],
    params:
        searched=search_of,
    message:
        "Search the learning rate of {wildcards.arm}"
    script:
        "../scripts/search.py"


rule tune:
    """Train the seeds of one look of one arm at its best rate."""
    input:
        found="<results>/rates/{arm}.json",
        fixed="<results>/runs/{arm}/{look}",
        arrays=ancient("<results>/data/arrays.npz"),
        manifest="<results>/data/manifest.json",
        code=code("tune", "rate_search", "rate_choice"),
    output:
        runs=directory("<results>/tuned/{arm}/{look}"),
    log:
        "<logs>/tune/{arm}_{look}.log",
    threads: study["threads"]
    resources:
        gpu=min(1, provenance.gpus()),
        mem_mb=memory,
        runtime=time_limit,
        runtime_least=study["job"]["runtime"],
    params:
        training=training_of,
        metric=study["verdict"]["metric"],
    message:
        "Train {wildcards.arm}, {wildcards.look}, at its best rate"
    script:
        "../scripts/tune.py"

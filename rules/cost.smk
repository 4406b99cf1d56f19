# Takes: the stored data set and every arm's recipe, after all trainings, so that none runs beside it. Makes: what the arms'
# models cost in use. Only with `costs` in the study.


rule cost:
    """Measure what each arm's model costs in use."""
    input:
        runs=trained,
        arrays=all_arrays,
        manifests=all_manifests,
        built=targets.all_built(),
    output:
        costs="<results>/costs.json",
    log:
        "<logs>/cost.log",
    retries: 0
    threads: study["threads"]
    resources:
        gpu=min(1, provenance.gpus()),
        mem_mb=memory,
        runtime=runtime,
        runtime_least=study["job"]["runtime"],
    params:
        arms=targets.costed(),
        data_sets=targets.data.names,
        engine=engine,
        batch_sizes=study["costs"]["batch_sizes"],
        model_threads=study["threads"],
        code=code("cost", engine),
    message:
        "Measure what the arms' models cost in use"
    script:
        "../scripts/cost.py"

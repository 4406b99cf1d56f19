# Takes: the records up to a look. Makes: the decision which ablations are settled, and which arms the next look trains. A
# checkpoint: only the set of trainings depends on it, never a training itself, so that a new decision trains nothing twice.


checkpoint decide:
    """Judge the ablations after a look, and choose what the next one trains."""
    input:
        runs=trained,
        measured=lambda wildcards: targets.measured(wildcards.look),
    output:
        decision="<results>/looks/{look}.json",
    log:
        "<logs>/decide_{look}.log",
    wildcard_constraints:
        look="|".join(targets.undecided_looks) or "none",
    retries: 0
    localrule: True
    params:
        study=analysis,
        register=register,
        code=code("decide"),
    message:
        "Decide after {wildcards.look}"
    script:
        "../scripts/decide.py"

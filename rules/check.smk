# Takes: all records. Makes: the proof, arm by arm, that each ablation took effect and changed nothing else.


rule check:
    """Check that every ablation changed what it says, and nothing else."""
    input:
        runs=trained,
    output:
        checks="<results>/checks.json",
    log:
        "<logs>/check.log",
    retries: 0
    localrule: True
    params:
        study=plan.summary(),
        code=code("check"),
    message:
        "Check that every ablation took effect, and only it did"
    script:
        "../scripts/check.py"

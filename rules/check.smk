# Takes: every record. Makes: proof, arm by arm, that each ablation took effect and only it did.


rule check:
    """Check that every ablation changed what it says, and nothing else."""
    input:
        runs=trained,
        code=code("check", "checks", "expected_weights", "footprints", "frames"),
    output:
        checks="<results>/checks.json",
    log:
        "<logs>/check.log",
    retries: 0
    localrule: True
    params:
        study=plan.summary(),
    message:
        "Check that every ablation took effect, and only it did"
    script:
        "../scripts/check.py"

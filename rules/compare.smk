# Takes: all records and their checks. Makes: contrasts with verdicts, tables, and the outcomes of the claims. When a claim
# was declared is read from the register, which no rule makes (see scripts/butfor/verdicts/preregistration.py); it changes
# only where `claims` changes too.


rule compare:
    """Judge every ablation against its reference."""
    input:
        runs=trained,
        checks="<results>/checks.json",
        searches=targets.searched(),
        tuned=lambda wildcards: targets.tuned(),
    output:
        contrasts="<results>/contrasts.json",
        comparison="<results>/comparison.json",
        tables=directory("<results>/tables"),
    log:
        "<logs>/compare.log",
    retries: 0
    localrule: True
    params:
        study=analysis,
        code=code("compare"),
    message:
        "Judge every ablation against its reference"
    script:
        "../scripts/compare.py"


rule assess:
    """Judge the study's claims."""
    input:
        runs=trained,
        contrasts="<results>/contrasts.json",
        looks=lambda wildcards: targets.decided(),
    output:
        claims="<results>/claims.json",
    log:
        "<logs>/assess.log",
    retries: 0
    localrule: True
    params:
        study=analysis,
        claims=study["claims"],
        register=register,
        code=code("assess"),
    message:
        "Judge the study's claims"
    script:
        "../scripts/assess.py"

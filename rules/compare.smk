# Takes: all records and their checks. Makes: contrasts with verdicts, tables, and the outcomes of the claims. What was planned
# when, and which arms were judged and removed, is read from the register, which no rule makes (see
# scripts/butfor/verdicts/register.py); it changes only where `study`, `claims` or `protocol` change too.


rule compare:
    """Judge every ablation against its reference."""
    input:
        runs=trained,
        checks="<results>/checks.json",
        searches=targets.searched(),
        tuned=lambda wildcards: targets.tuned(),
        measured=lambda wildcards: targets.measured(),
        tuned_measured=lambda wildcards: targets.measured_at_best(),
        grouped=grouped_arrays,
    output:
        contrasts="<results>/contrasts.json",
        comparison="<results>/comparison.json",
        tables=report(
            directory("<results>/tables"),
            patterns=["{table}.csv"],
            caption="captions/tables.rst",
            category="Tables",
            labels={"table": "{table}"},
        ),
    log:
        "<logs>/compare.log",
    retries: 0
    localrule: True
    params:
        study=analysis,
        register=register,
        grouped=targets.data.grouped,
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
        measured=lambda wildcards: targets.measured(),
        costs=targets.claimed_costs(),
        grouped=grouped_arrays,
    output:
        claims="<results>/claims.json",
    log:
        "<logs>/assess.log",
    retries: 0
    localrule: True
    params:
        study=analysis,
        claims=study["claims"],
        protocol=parameters.protocol(study),
        register=register,
        grouped=targets.data.grouped,
        code=code("assess"),
    message:
        "Judge the study's claims"
    script:
        "../scripts/assess.py"

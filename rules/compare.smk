# Takes: every record and its checks. Makes: contrasts with verdicts, and the study as tables.


rule compare:
    """Judge every ablation against its reference."""
    input:
        runs=trained,
        checks="<results>/checks.json",
        code=code(
            "compare",
            "stats",
            "contrasts",
            "factors",
            "grids",
            "verdict_words",
            "frames",
        ),
    output:
        contrasts="<results>/contrasts.json",
        tables=directory("<results>/tables"),
    log:
        "<logs>/compare.log",
    retries: 0
    localrule: True
    params:
        study=analysis,
    message:
        "Judge every ablation against its reference"
    script:
        "../scripts/compare.py"

# Takes: records, checks and verdicts. Makes: the figures and the report.


rule figures:
    """Draw every figure of the study."""
    input:
        runs=trained,
        contrasts="<results>/contrasts.json",
    output:
        figures=targets.drawn("<results>/figures"),
    log:
        "<logs>/figures.log",
    retries: 0
    localrule: True
    params:
        study=analysis,
        code=code("figures"),
    message:
        "Draw every figure"
    script:
        "../scripts/figures.py"


rule report:
    """Write the report."""
    input:
        runs=trained,
        checks="<results>/checks.json",
        contrasts="<results>/contrasts.json",
        comparison="<results>/comparison.json",
        claims="<results>/claims.json",
        looks=lambda wildcards: targets.decided(),
        figures=targets.drawn("<results>/figures"),
        source=ancient("<results>/data/source.json"),
    output:
        report=report("<results>/report.md", category="Report"),
    log:
        "<logs>/report.log",
    retries: 0
    localrule: True
    params:
        study=described,
        code=code("report"),
    message:
        "Write the report, {output.report}"
    script:
        "../scripts/report.py"


rule partial:
    """Report on what has been trained so far; missing runs count as missing."""
    input:
        runs=targets.present()["runs"],
        looks=targets.present()["looks"],
        source=ancient("<results>/data/source.json"),
    output:
        report="<results>/partial/report.md",
        checks="<results>/partial/checks.json",
        contrasts="<results>/partial/contrasts.json",
        comparison="<results>/partial/comparison.json",
        claims="<results>/partial/claims.json",
    log:
        "<logs>/partial.log",
    retries: 0
    localrule: True
    params:
        study=described,
        claims=study["claims"],
        protocol=parameters.protocol(study),
        register=register,
        finished=targets.present()["seeds"],
        code=code("partial"),
    message:
        "Report on what has been trained so far, in {output.report}"
    script:
        "../scripts/partial.py"

# Takes: records, checks and contrasts. Makes: the figures, the judged claims and the report. When claims were declared is
# read from the register, which no rule makes (see scripts/butfor/register.py); it changes only where `claims` does too.


rule figures:
    """Draw every figure of the study."""
    input:
        runs=trained,
        contrasts="<results>/contrasts.json",
        code=code(
            "figures",
            "figures",
            "gallery",
            "grids",
            "verdict_words",
            "contrasts",
            "stats",
            "frames",
        ),
    output:
        figures=drawn("<results>/figures/{figure}.{kind}"),
    log:
        "<logs>/figures.log",
    retries: 0
    localrule: True
    params:
        study=analysis,
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
        looks=decided,
        searches=searched,
        tuned=tuned,
        figures=drawn("<results>/figures/{figure}.{kind}"),
        source=ancient("<results>/data/source.json"),
        code=code(
            "report",
            "report",
            "tuned_comparison",
            "rate_choice",
            "outcomes",
            "claims",
            "register",
            "claim_table",
            "markdown",
            "stats",
            "verdict_table",
            "importance_section",
            "factors",
            "grids",
            "going_on",
            "colophon",
            "verdict_words",
            "gallery",
            "contrasts",
            "frames",
        ),
    output:
        report=report("<results>/report.md", category="Report"),
        claims="<results>/claims.json",
    log:
        "<logs>/report.log",
    retries: 0
    localrule: True
    params:
        study={**analysis, "study": study["study"], "question": study["question"]},
        claims=study["claims"],
        register=register_path,
    message:
        "Write the report, {output.report}"
    script:
        "../scripts/report.py"


rule partial:
    """Report on what has been trained so far; runs that are missing count as missing."""
    input:
        runs=there_already("<results>/runs/{arm}/{look}"),
        looks=sorted(set(there_already("<results>/looks/{look}.json"))),
        source=ancient("<results>/data/source.json"),
        code=code(
            "partial",
            "report",
            "tuned_comparison",
            "rate_choice",
            "outcomes",
            "claims",
            "register",
            "claim_table",
            "markdown",
            "failure_note",
            "verdict_table",
            "importance_section",
            "factors",
            "grids",
            "going_on",
            "colophon",
            "verdict_words",
            "figures",
            "gallery",
            "stats",
            "contrasts",
            "frames",
            "checks",
            "expected_weights",
            "footprints",
        ),
    output:
        report="<results>/partial/report.md",
        checks="<results>/partial/checks.json",
        contrasts="<results>/partial/contrasts.json",
        claims="<results>/partial/claims.json",
    log:
        "<logs>/partial.log",
    retries: 0
    localrule: True
    params:
        study={**analysis, "study": study["study"], "question": study["question"]},
        claims=study["claims"],
        register=register_path,
    message:
        "Report on what there is, in {output.report}"
    script:
        "../scripts/partial.py"

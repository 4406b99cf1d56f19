# Takes: records, checks and verdicts. Makes: the figures and the report.


rule figures:
    """Draw every figure of the study."""
    input:
        runs=trained,
        measured=lambda wildcards: targets.measured(),
        contrasts="<results>/contrasts.json",
    output:
        figures=drawings("<results>/figures"),
    log:
        "<logs>/figures.log",
    retries: 0
    localrule: True
    threads: min(8, workflow.resource_settings.cores or 1)
    params:
        threads_each=1,
        study=drawn,
        texts=texts,
        code=code("figures"),
    message:
        "Draw every figure"
    script:
        "../scripts/figures.py"


rule report:
    """Write the report."""
    input:
        runs=trained,
        measured=lambda wildcards: targets.measured(),
        checks="<results>/checks.json",
        contrasts="<results>/contrasts.json",
        comparison="<results>/comparison.json",
        claims="<results>/claims.json",
        looks=lambda wildcards: targets.decided(),
        costs=targets.costs(),
        figures=targets.drawn("<results>/figures"),
        source=ancient(targets.data.sources),
    output:
        report="<results>/report.md",
        summary="<results>/summary.json",
        page=report(
            "<results>/report.html",
            caption="captions/report.rst",
            category="Report",
            labels={"file": "the report"},
        ),
    log:
        "<logs>/report.log",
    retries: 0
    localrule: True
    params:
        study=described,
        language=language,
        texts=texts,
        code=code("report"),
    message:
        "Write the report, {output.report}, and its page, {output.page}"
    script:
        "../scripts/report.py"


rule comment:
    """Write the report as a comment on a pull request."""
    input:
        checks="<results>/checks.json",
        contrasts="<results>/contrasts.json",
        comparison="<results>/comparison.json",
        claims="<results>/claims.json",
    output:
        comment="<results>/comment.md",
    log:
        "<logs>/comment.log",
    retries: 0
    localrule: True
    params:
        study=study["study"],
        language=language,
        texts=texts,
        code=code("comment"),
    message:
        "Write a comment for a pull request, {output.comment}"
    script:
        "../scripts/comment.py"


rule partial:
    """Report on what has been trained so far; missing runs count as missing."""
    input:
        runs=lambda wildcards: targets.present()["runs"],
        looks=lambda wildcards: targets.present()["looks"],
        measured=lambda wildcards: targets.present()["measured"],
        arrays=all_arrays,
        grouped=grouped_arrays,
        manifests=all_manifests,
        source=ancient(targets.data.sources),
    output:
        report="<results>/partial/report.md",
        summary="<results>/partial/summary.json",
        page="<results>/partial/report.html",
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
        language=language,
        claims=study["claims"],
        protocol=parameters.protocol(study),
        register=register,
        finished=lambda wildcards: targets.present()["seeds"],
        measuring={**targets.measuring, "code": code("measure")},
        grouped=targets.data.grouped,
        texts=texts,
        code=code("partial"),
    message:
        "Report on what has been trained so far, in {output.report}"
    script:
        "../scripts/partial.py"

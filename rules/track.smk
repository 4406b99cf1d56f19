# Takes: all records, and the report. Makes: the study in MLflow, and the report's links into it. (The process beside a start writes runs as soon as their
# job has ended; this rule brings all of them up to date, whatever happened to that process.)


rule track:
    """Make MLflow hold the study as it is: its runs, its report, its views."""
    input:
        runs=trained,
        measured=lambda wildcards: targets.measured(),
        models=lambda wildcards: targets.model_folders(),
        checks="<results>/checks.json",
        contrasts="<results>/contrasts.json",
        report="<results>/report.md",
        figures=targets.drawn("<results>/figures"),
        tables="<results>/tables",
    output:
        tracked=update("<results>/tracked.json"),  # the last one says which experiment was written to
        page="<results>/mlflow.html",
    log:
        "<logs>/track.log",
    retries: 0
    localrule: True
    params:
        tracking=mirrored,
        code=code("track"),
    message:
        "Make MLflow hold the study"
    script:
        "../scripts/track.py"

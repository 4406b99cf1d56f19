# Takes: the records of one job, and its reference's with the same seeds. Makes: their runs in MLflow, and at the end the
# study's report there.


rule track:
    """Mirror a job's records into MLflow as soon as it has ended."""
    input:
        runs="<results>/runs/{arm}/{look}",
        reference=reference_of,
        code=code("track", "tracking", "tracking_target"),
    output:
        tracked="<results>/tracked/{arm}/{look}.json",
    log:
        "<logs>/track/{arm}_{look}.log",
    priority: 20
    localrule: True
    resources:
        mlflow=1,
    params:
        tracking=tracking_of,
    message:
        "Track {wildcards.arm}, {wildcards.look}"
    script:
        "../scripts/track.py"


rule publish:
    """Keep the report in MLflow, save its views, and delete the runs that the study no longer has."""
    input:
        tracked=tracked,
        runs=trained,
        checks="<results>/checks.json",
        report="<results>/report.md",
        figures=drawn("<results>/figures/{figure}.{kind}"),
        tables="<results>/tables",
        code=code("publish", "tracking", "tracking_target"),
    output:
        published="<results>/tracked/published.json",
    log:
        "<logs>/publish.log",
    localrule: True
    resources:
        mlflow=1,
    params:
        tracking=published_as,
    message:
        "Keep the report in MLflow"
    script:
        "../scripts/publish.py"

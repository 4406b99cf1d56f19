# Takes: the records of one job. Makes: their runs in MLflow, and a note of what was imported.


rule track:
    """Mirror a job's records into MLflow as soon as it has ended."""
    input:
        runs="<results>/runs/{arm}/{look}",
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

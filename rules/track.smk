# Takes: every record, and the report. Makes: the study in MLflow. (Runs are there as soon as their job has ended, by the
# process that a start has beside it; this brings all up to date, whatever became of that.)


rule track:
    """Make MLflow hold the study as it is: its runs, its report, its views."""
    input:
        runs=trained,
        models=kept,
        checks="<results>/checks.json",
        report="<results>/report.md",
        figures=drawn("<results>/figures/{figure}.{kind}"),
        tables="<results>/tables",
        code=code(
            "track",
            "tracking",
            "tracking_target",
            "network_folders",
            "figures/run_curves",
            "figures/style",
        ),
    output:
        tracked="<results>/tracked.json",
    log:
        "<logs>/track.log",
    retries: 0
    localrule: True
    params:
        tracking=mirrored,
    message:
        "Make MLflow hold the study"
    script:
        "../scripts/track.py"

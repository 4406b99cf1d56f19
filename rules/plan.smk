# Takes: the study file, and what records there are. Makes: the plan, in the terminal and as plan.json: what a start would take
# and what it can show. Its file is no output, so that the plan is made anew whenever it is asked for. Nothing is trained but some
# steps that are thrown away, where no record tells how long runs take.


rule plan:
    """Say what the study would take, and what it could show."""
    log:
        "<results>/logs/plan.log",
    retries: 0
    localrule: True
    params:
        files=list(map(str, workflow.configfiles)),
        cores=workflow.resource_settings.cores or workflow.nodes or 1,
        path=f"{study['results']}/plan.json",
        forks=lambda wildcards: workflow.local_exec,  # which is known once the rules are read
    message:
        "Plan the study"
    script:
        "../scripts/plan.py"

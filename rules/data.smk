# Takes: the data set that the study names. Makes: its arrays, what they are (manifest), and where they came from.


rule data:
    """Find the data set, verify it and store its arrays."""
    input:
        file=study["data"]["file"] or [],
        code=code("data", "catalogue", "data", "fetch"),
    output:
        arrays="<results>/data/arrays.npz",
        manifest="<results>/data/manifest.json",
        source="<results>/data/source.json",
    log:
        "<logs>/data.log",
    localrule: True
    params:
        data={**study["data"], "largest": plan.largest},
    message:
        "Find, verify and store the data set"
    script:
        "../scripts/data.py"

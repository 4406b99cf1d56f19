# Takes: the data set that the study names. Makes: its arrays, their description (manifest), and their source.
# Runs again only for another data set or other code: a study may name other places to search, and trains nothing anew.


rule data:
    """Find the data set, verify it and store its arrays."""
    input:
        file=study["data"]["file"] or [],
    output:
        arrays="<results>/data/arrays.npz",
        manifest="<results>/data/manifest.json",
        source="<results>/data/source.json",
    log:
        "<logs>/data.log",
    retries: 0
    localrule: True
    params:
        data=targets.data,
        own=user_code(study["data"]["name"]),
        code=code("data"),
    message:
        "Find, verify and store the data set"
    script:
        "../scripts/data.py"

# Takes: the data set that the study names. Makes: its arrays, what they are (manifest), and where they came from.
# Runs again only for another data set: where the files are looked for changes nothing that is trained.


rule data:
    """Find the data set, verify it and store its arrays."""
    input:
        file=study["data"]["file"] or [],
        own=own_code.files(study["data"]["name"]),
        code=code("data", "data", "published"),
    output:
        arrays="<results>/data/arrays.npz",
        manifest="<results>/data/manifest.json",
        source="<results>/data/source.json",
    log:
        "<logs>/data.log",
    retries: 0
    localrule: True
    params:
        data=trained_on,
    message:
        "Find, verify and store the data set"
    script:
        "../scripts/data.py"

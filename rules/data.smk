# Takes: the data set that the study names. Makes: its arrays, their description (manifest), and their source.
# Runs again only for another data set or other code, by content: a study may name other places to search, and trains nothing
# anew. Where there are records, this is a checkpoint: whether they are trained again is known once the arrays are there, by
# what they hold (`made_of` of a training). Else what needs the manifest is made again with it.

manifest = f"{study['results']}/data/manifest.json"
manifest = ancient(manifest) if targets.is_trained else manifest


checkpoint data:
    """Find the data set, verify it and store its arrays."""
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
        code=code("data"),
        made_of=targets.data_made_of,
    message:
        "Find, verify and store the data set"
    script:
        "../scripts/data.py"


# Not else, since `--until` does not go beyond a checkpoint. See `trained`.
rules.data.rule.is_checkpoint = False

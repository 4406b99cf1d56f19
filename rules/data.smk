# Takes: the data set that the study names. Makes: its arrays, their description (manifest), and their source.
# Runs again only for another data set or other code, by content: a study may name other places to search, and trains nothing
# anew. Where there are records, this is a checkpoint: whether they are trained again is known once the arrays are there, by
# what they hold (`made_of` of a training). Else what needs the manifest is made again with it.

was_trained = targets.is_trained


def arrays_of(arm):
    return ancient(targets.data.of_arm("arrays.npz", arm))


def manifest_of(arm):
    stored = targets.data.of_arm("manifest.json", arm)
    return ancient(stored) if was_trained else stored


# The same of the arm in a job's wildcards. Of the only data set there is nothing to work out for each of many jobs.
def by_arm(file_of):
    several = targets.data.are_several
    return (lambda wildcards: file_of(wildcards.arm)) if several else file_of("")


# Of each data set, for what is made from the runs on all of them.
all_arrays = ancient(targets.data.of_each("arrays.npz"))
all_manifests = ancient(targets.data.of_each("manifest.json"))

# Of those that say what examples belong to, such as patients, by which verdicts vary.
grouped_arrays = ancient([arrays for arrays, _ in targets.data.grouped.values()])

# Of several data sets, each has a folder of its own.
data_place = "data/{data_set}" if targets.data.are_several else "data"
which = " {wildcards.data_set}" if targets.data.are_several else ""


def of_data(values):
    return lambda wildcards: values[wildcards.get("data_set", "")]


checkpoint data:
    """Find the data set, verify it and store its arrays."""
    output:
        arrays=f"<results>/{data_place}/arrays.npz",
        manifest=f"<results>/{data_place}/manifest.json",
        source=f"<results>/{data_place}/source.json",
    log:
        f"<logs>/{data_place}.log",
    wildcard_constraints:
        data_set="|".join(targets.data.names) or "none",
    priority: 40
    retries: 0
    localrule: True
    params:
        data=of_data(targets.data.made),
        code=code("data"),
        made_of=of_data(targets.data.made_of),
        # Not compared, since it asks for `input`.
        beside=lambda wildcards, input: targets.data.beside(
            wildcards.get("data_set", "")
        ),
    message:
        f"Find, verify and store the data set{which}"
    script:
        "../scripts/data.py"


# Not else, since `--until` does not go beyond a checkpoint. See `trained` and awaited_data.
rules.data.rule.is_checkpoint = False
awaited_data = AwaitedData(workflow, rules.data, checkpoints.data)
stale = set(targets.data.stale) if was_trained else set()


# The same of a training, which waits where it is asked for by the name of its folder.
def awaited_manifest_of(arm):
    if data_set_of(arm) in stale:
        awaited_data.await_each([data_set_of(arm)])
    return manifest_of(arm)

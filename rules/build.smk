# Takes: the stored data set and the recipes with a model of the user's own. Makes: what each model was built to be, or
# why it could not be built, which then ends the arm's training and no other's.
# All that are to be trained are built in one process. What is built has a name that stands for all it was built from:
# it is found again and is out of the rule's hands, so that an arm added later does not train the others anew. (`ancient`
# would not do. Where the job that makes an ancient file is to run, Snakemake asks none of the jobs behind it whether
# they have reasons of their own, and the added arm would not be trained.)


rule build:
    """Check that the user's own models keep their word, before they are trained."""
    input:
        arrays=ancient("<results>/data/arrays.npz"),
        manifest="<results>/data/manifest.json",
    output:
        built=[built[arm] for arm in unbuilt],
    log:
        "<logs>/build.log",
    priority: 30
    retries: 0
    localrule: True
    resources:
        gpu=min(1, provenance.gpus()),
    params:
        recipes={arm: own_models[arm] for arm in unbuilt},
        look=plan.looks[0].name,
    message:
        "Build the study's own models"
    script:
        "../scripts/build.py"

# Takes: the stored data set and the recipes with a model of the user's own. Makes: a file about each model, with its
# layers, or with why it could not be built, which then ends the training of that arm alone.
# One process builds all models. The name of a file stands for everything that its model was built from. A file that
# exists is no output of the rule, so that an arm added later does not train the others anew. (`ancient` does not achieve
# that: where the job that makes an ancient file has to run, Snakemake does not check the jobs behind it for reasons of
# their own, and the added arm would not be trained.)


rule build:
    """Build the user's own models, and check them against their declarations before they are trained."""
    input:
        arrays=[arrays_of(arm) for arm in targets.unbuilt()],
        manifests=[manifest_of(arm) for arm in targets.unbuilt()],
    output:
        built=list(targets.unbuilt().values()),
    log:
        "<logs>/build.log",
    priority: 30
    retries: 0
    localrule: True
    resources:
        gpu=min(1, provenance.gpus()),
    params:
        engine=engine,
        recipes={arm: targets.user_models[arm] for arm in targets.unbuilt()},
        reads={arm: targets.files_read(arm) for arm in targets.unbuilt()},
        look=plan.looks[0].name,
        built_before=len(targets.user_models) - len(targets.unbuilt()),
    message:
        "Build the study's own models"
    script:
        "../scripts/build.py"

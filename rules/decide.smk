# Takes: the records up to a look. Makes: which ablations are settled, and which arms the next look trains. A checkpoint:
# only the set of trainings hangs on it, never a training itself, so that deciding anew trains nothing a second time.


checkpoint decide:
    """Judge the ablations after a look, and choose what the next one trains."""
    input:
        runs=trained_until,
        code=code(
            "decide",
            "going_on",
            "stats",
            "contrasts",
            "frames",
            "checks",
            "expected_weights",
            "footprints",
        ),
    output:
        decision="<results>/looks/{look}.json",
    log:
        "<logs>/decide_{look}.log",
    wildcard_constraints:
        look="|".join(undecided_looks) or "none",
    retries: 0
    localrule: True
    params:
        study=analysis,
    message:
        "Decide after {wildcards.look}"
    script:
        "../scripts/decide.py"

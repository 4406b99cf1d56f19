# Takes: records and verdicts. Makes: what goes into a paper, in LaTeX. Only for `snakemake paper`.
from butfor.paper.paper_files import paper_files


rule paper:
    """Write tables, figures, macros and texts for a paper."""
    input:
        runs=trained,
        measured=lambda wildcards: targets.measured(),
        contrasts="<results>/contrasts.json",
        comparison="<results>/comparison.json",
        claims="<results>/claims.json",
        looks=lambda wildcards: targets.decided(),
        schema=ancient(str(BASE / "config" / "schema.yaml")),
    output:
        files=paper_files("<results>/paper"),
    log:
        "<logs>/paper.log",
    retries: 0
    localrule: True
    params:
        study=described,
        venue=study["paper"]["venue"],
        mlflow=study["tracking"]["mlflow"],
        code=code("paper"),
    message:
        "Write what goes into a paper, beside {output.files[0]}"
    script:
        "../scripts/paper.py"

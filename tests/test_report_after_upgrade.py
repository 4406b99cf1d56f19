"""`butfor report` of a study of several looks, after another version of butfor builds its models otherwise, with an arm that was
added and has no runs: what was decided is to be decided anew, and the report waits for nothing."""

import json

from conftest import SMALL

OWN = "own_mlp_engine:OwnMlpEngine"
STUDY = {
    "study": "small",
    "seeds": [2, 3],
    "data": "digits",
    "recipe": {**SMALL, "model": "own:build", "epochs": 1},
    "ablations": {"no_dropout": {"set": {"dropout": 0.0}}, "fast": {"set": {"learning_rate": 0.01}}},
    "tracking": {"mlflow": False},
}
LATE = {**STUDY, "ablations": {**STUDY["ablations"], "late": {"set": {"learning_rate": 0.002}}}}


def test_the_report_on_what_there_is_comes_though_the_looks_are_not_decided_any_more(workflow_copy):
    copy = workflow_copy("upgraded", OWN)
    (copy.folder / "own.py").write_text("def build(recipe, shape, classes, parts):\n    return None\n")
    (copy.folder / "own.yaml").write_text("uses: [dropout, l2]\nlayers: [hidden_1, logits]\ndropouts: 1\n")
    copy.write(STUDY)
    done = copy.run()
    assert done.returncode == 0, done.stdout + done.stderr
    results = copy.folder / "results" / "small"
    assert list(results.glob("runs/*/look2/seed_2.json")), "the second look is to have runs"
    began = {
        path: json.loads(path.read_text())["timing"]["started"] for path in results.glob("runs/*/look*/seed_*.json")
    }
    copy.write(LATE)
    for path in ("training/build_job.py", "verdicts/next_look.py"):
        file = copy.folder / "scripts" / "butfor" / path
        file.write_text(file.read_text() + "\nEDITED = 1\n")
    done = copy.run("partial", "--nolock")
    assert done.returncode == 0, done.stdout + done.stderr
    assert (results / "partial" / "report.md").exists() and not list(results.glob("runs/late/look*"))
    assert began == {path: json.loads(path.read_text())["timing"]["started"] for path in began}

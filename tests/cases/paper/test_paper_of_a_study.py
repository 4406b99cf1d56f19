"""See case.md."""

import json

from conftest import SMALL

STUDY = {
    "study": "for_a_paper",
    "results": "results",
    "seeds": 3,
    "data": {"name": "digits"},
    "recipe": SMALL,
    "ablations": {"no_dropout": {"set": {"dropout": 0.0}}},
    "tracking": {"mlflow": False},
}


def test_a_paper_is_made_from_the_records_and_trains_nothing(workflow_copy):
    copy = workflow_copy("paper")
    copy.write(STUDY)
    done = copy.run("paper")
    assert done.returncode == 0, done.stderr
    paper = copy.folder / "results" / "paper"
    (row,) = [
        row for row in json.loads((paper.parent / "contrasts.json").read_text()) if row["metric"] == "test/accuracy"
    ]
    macros = (paper / "macros.tex").read_text()
    assert f"abNoDropoutAccuracySize}}{{\\ensuremath{{{abs(row['effect']):.2f}"[:-1] in macros
    assert "tracked in MLflow" not in (paper / "methods.tex").read_text()
    assert (paper / "figures" / "effects.pdf").stat().st_size > 5000
    assert copy.would_run("paper") == {}
    copy.write({**STUDY, "paper": {"venue": "icml2024"}, "question": "What of it?"})
    assert copy.would_run("paper") == {"paper": 1}
    assert "paper" not in copy.would_run(), "a start without the target leaves it alone"

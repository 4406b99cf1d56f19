"""A plan of a study that a start would refuse only once the data or the model are there: it ends as that start would."""

from conftest import SMALL

REFUSAL = "a recipe convolves or changes images, and needs images of 32 pixels or more each way"


def test_a_plan_that_is_refused_ends_with_exit_code_1_and_the_reason_alone(workflow_copy):
    copy = workflow_copy("refused")
    model = {"name": "cnn", "filters": [4, 4, 4, 4, 4]}  # which halves 8 pixels five times
    ablations = {"slow": {"set": {"learning_rate": 0.0001}}}
    copy.write(
        {"study": "small", "seeds": 2, "data": "digits", "recipe": {**SMALL, "model": model}, "ablations": ablations}
    )
    done = copy.run("plan", "--nolock", "--quiet", "all")
    assert done.returncode == 1
    assert done.stderr.count(REFUSAL) == 1 and "The same command" not in done.stderr
    assert "Plan of the study" not in done.stdout
    results = copy.folder / "results" / "small"
    assert REFUSAL in (results / "logs" / "plan.log").read_text() and not (results / "plan.json").exists()

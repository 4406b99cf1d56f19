"""A train_step with a generator of the model's own: a seed's run is the same whatever ran before it in the job."""

from butfor.records.record import read


def test_a_seed_third_in_one_job_and_first_in_another_is_the_same_run(case, monkeypatch):
    for study in ("whole", "tail"):
        if study == "tail":
            monkeypatch.setenv("PYTHONHASHSEED", "1")  # an interpreter that orders its sets otherwise
        done = case.run("--configfile", f"{study}.yaml", "--until", "train")
        assert done.returncode == 0, done.stdout + done.stderr
    for arm in ("baseline", "plain"):
        one, other = (
            read(case.folder / f"results/mix_{study}/runs/{arm}/look1/seed_2.json") for study in ("whole", "tail")
        )
        for key in ("history", "metrics", "draws", "layers", "chance", "first_loss", "trial"):
            assert getattr(one, key) == getattr(other, key), (arm, key)
        assert one.history[0]["objective"] > 0

"""Several data sets in one study, from its file to its report."""

import json
import re

import numpy as np
import pandas as pd
import pytest
import yaml
from sklearn.metrics import f1_score

from butfor.frames import load_study
from conftest import SMALL


def study(folder, data):
    text = {
        "study": "sets", "seeds": 2, "data": data, "tracking": {"mlflow": False},
        "recipe": {**SMALL, "epochs": 5, "learning_rate": 0.02},
        "ablations": {"no_dropout": {"set": {"dropout": 0.0}}, "wide": {"set": {"model.widths": [64]}, "only": ["small"]}},
    }  # fmt: skip
    (folder / "sets.yaml").write_text(yaml.safe_dump(text, sort_keys=False))


def started(flow):
    done = flow.run("--configfile", "sets.yaml")
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def arrays(path, seed, noise=0.3):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 3, 200)
    x = (np.eye(3)[y].repeat(2, axis=1) + rng.normal(0, noise, (200, 6))).astype(np.float32)
    np.savez(path, x_train=x[:150], y_train=y[:150], x_test=x[150:], y_test=y[150:])


def test_a_study_of_two_data_sets_from_its_file_to_its_report(workflow_copy):
    """Each trains its own arms; a data set that changes, or is added, trains its arms alone."""
    flow = workflow_copy("sets")
    arrays(flow.folder / "big.npz", 1)
    data = {"small": "digits", "big": {"name": "npz", "file": "big.npz"}}
    study(flow.folder, data)
    trained = lambda: sorted(re.findall(r"Train ([\w@]+), look1", started(flow)))  # noqa: E731
    assert trained() == ["baseline@big", "baseline@small", "no_dropout@big", "no_dropout@small", "wide@small"]
    results = flow.folder / "results" / "sets"
    report = (results / "report.md").read_text()
    head, _, _ = report.partition("## Verdicts")
    assert "| ablation | `small` | `big` | mean, points |" in head and "2 data sets say little of others" in head
    assert re.search(r"\| `wide` \| [+−\d.]+ [\w ]+ \| – \| – \|", head)
    assert "- Data `small`: " in report and "- Data `big`: " in report
    contrasts = pd.read_csv(results / "tables" / "contrasts.csv")
    assert dict(zip(contrasts.arm, contrasts.data, strict=True))["no_dropout@big"] == "big"
    runs = load_study(results)
    assert set(runs.data) == {"small", "big"} and len(set(runs[runs.data == "big"].fingerprint)) == 2
    over = json.loads((results / "comparison.json").read_text())["across"]
    (row,) = over["rows"]
    both = contrasts[(contrasts.arm.str.startswith("no_dropout")) & (contrasts.metric == "test/accuracy")]
    assert row["effect"] == pytest.approx(both.effect.mean()) and over["ranks"] is None
    assert trained() == []
    arrays(flow.folder / "big.npz", 2)
    assert trained() == ["baseline@big", "no_dropout@big"]
    arrays(flow.folder / "third.npz", 3)
    study(flow.folder, {**data, "third": {"name": "npz", "file": "third.npz"}})
    assert trained() == ["baseline@third", "no_dropout@third"]


SHARE = """def share(truth, prediction):
    return float(len(truth) * (prediction.argmax(axis=1) == truth).mean())
"""


def measured_study(flow, data):
    """Of two data sets, by a metric of the catalogue, with a margin in percent, and one of the study's own, which decides."""
    (flow.folder / "own_share.py").write_text(SHARE)
    flow.write(
        {
            **{
                "study": "measured",
                "seeds": [3, 5],
                "data": data,
                "recipe": {**SMALL, "epochs": 5, "learning_rate": 0.02},
            },
            "metrics": {
                "right": {
                    **{"function": "own_share:share", "higher_is_better": True, "primary": True},
                    **{"margin": 20, "unit": "examples", "decimals": 1},
                },
                "f1_macro": {"margin": "50 %"},
            },
            "ablations": {"no_dropout": {"set": {"dropout": 0.0}}, "slow": {"set": {"learning_rate": 0.001}}},
            "claims": {"c": {"sentence": "S.", "arm": "slow@big", "expect": "hurts", "metric": "gap/f1_macro"}},
            "costs": {"batch_sizes": [1]},
        }
    )


def test_metrics_of_its_own_are_measured_on_each_runs_own_data_set(workflow_copy):
    """From the study file to the report, MLflow and a partial report: each run by the truth of its own data set."""
    flow = workflow_copy("measured_sets")
    arrays(flow.folder / "big.npz", 1, noise=0.7)
    measured_study(flow, {"small": "digits", "big": {"name": "npz", "file": "big.npz"}})
    done = flow.run()
    assert done.returncode == 0, done.stdout + done.stderr
    results = flow.folder / "results" / "measured"
    truth = {name: np.load(results / "data" / name / "arrays.npz")["y_test"] for name in ("small", "big")}
    assert len(truth["small"]) != len(truth["big"])
    runs = load_study(results)
    assert len(runs) >= 18
    for row in runs.to_dict("records"):
        (path,) = results.glob(f"runs/{row['arm']}/*/seed_{row['seed']}.predictions.npz")
        named = np.load(path)["test"].argmax(axis=1)
        assert row["test/right"] == pytest.approx((named == truth[row["data"]]).sum())
        assert row["test/f1_macro"] == pytest.approx(f1_score(truth[row["data"]], named, average="macro"))
    report = (results / "report.md").read_text()
    head, _, _ = report.partition("## Verdicts")
    assert "| ablation | `small` | `big` | mean, examples |" in head and "Effects on test right" in head
    over = {row["arm"]: row for row in json.loads((results / "comparison.json").read_text())["across"]["rows"]}
    contrasts = pd.read_csv(results / "tables" / "contrasts.csv").query("metric == 'test/right'").set_index("arm")
    effects = {name: contrasts.effect[f"slow@{name}"] for name in ("small", "big")}
    assert over["slow"]["effects"] == pytest.approx(effects) and over["slow"]["unit"] == "examples"
    assert "Margins in percent are of the smallest of the baselines' means." in head
    (claim,) = json.loads((results / "claims.json").read_text())["claims"]
    assert claim["metric"] == "gap/f1_macro" and claim["effect"] is not None
    costs = json.loads((results / "costs.json").read_text())["arms"]
    assert costs["baseline@small"]["parameters"] > costs["baseline@big"]["parameters"] and len(costs) == 6
    assert flow.would_run() == {}
    partial = flow.run("partial")
    assert partial.returncode == 0, partial.stdout + partial.stderr
    both = [json.loads((folder / "contrasts.json").read_text()) for folder in (results, results / "partial")]
    assert both[0] == both[1]
    (flow.folder / "own_share.py").write_text(SHARE.replace("float(", "1.0 + float("))
    arrays(flow.folder / "big.npz", 2, noise=0.7)
    again = flow.run()
    assert again.returncode == 0 and "Train baseline@big" in again.stdout + again.stderr, again.stderr
    assert "@small, look" not in again.stdout + again.stderr
    changed = load_study(results).set_index(["arm", "seed"])["test/right"]
    before = runs.set_index(["arm", "seed"])["test/right"]
    same = [key for key in changed.index.intersection(before.index) if key[0].endswith("@small")]
    assert same and all(changed[key] == pytest.approx(before[key] + 1) for key in same)

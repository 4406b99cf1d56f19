"""Several data sets in one study, from its file to its report."""

import json
import re

import jsonschema
import numpy as np
import pandas as pd
import pytest
import yaml
from sklearn.metrics import balanced_accuracy_score, f1_score, matthews_corrcoef

from butfor.frames import load_study
from conftest import ROOT, SMALL


def study(folder, data):
    text = {
        "study": "sets", "seeds": 2, "data": data, "tracking": {"mlflow": False},
        "recipe": {**SMALL, "epochs": 5, "learning_rate": 0.02},
        "ablations": {"no_dropout": {"set": {"dropout": 0.0}}, "wide": {"set": {"model.widths": [64]}, "only": ["small"]}},
    }  # fmt: skip
    (folder / "sets.yaml").write_text(yaml.safe_dump(text, sort_keys=False))


def started(flow, *words):
    done = flow.run("--configfile", "sets.yaml", *words)
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
    trained = lambda *words: sorted(re.findall(r"Train ([\w@]+), look1", started(flow, *words)))  # noqa: E731
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
    told = json.loads((results / "summary.json").read_text())
    jsonschema.validate(told, json.loads((ROOT / "docs" / "summary.schema.json").read_text()))
    assert [(one["arm"], one["effect"], one["verdict"]) for one in told["over_data_sets"]] == [
        (row["arm"], row["effect"], row["verdict"])
    ]
    assert trained() == []
    arrays(flow.folder / "big.npz", 2)
    assert trained("--until", "train") == ["baseline@big", "no_dropout@big"]
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


@pytest.mark.long
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
    assert "Margins in percent are of each baseline's own mean" in head
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


TABLES = """import numpy as np
import sklearn.datasets as have
from sklearn.model_selection import train_test_split


def parts(x, y):
    x = ((x - x.mean(0)) / (x.std(0) + 1e-9)).astype(np.float32)
    return train_test_split(x, y, test_size=0.3, random_state=0, stratify=y)


def arrays(x, y):
    x_train, x_test, y_train, y_test = parts(x, y)
    return x_train, y_train, x_test, y_test


def iris():
    return arrays(*have.load_iris(return_X_y=True))


def wine():
    return arrays(*have.load_wine(return_X_y=True))


def breast_cancer():
    return arrays(*have.load_breast_cancer(return_X_y=True))


def digits():
    return arrays(*have.load_digits(return_X_y=True))


def moons():
    return arrays(*have.make_moons(300, noise=0.25, random_state=1))


def blobs():
    return arrays(*have.make_blobs(300, centers=4, cluster_std=3.0, random_state=1))
"""
FOUR = {
    "f1_macro": {"margin": "2 %"},
    "balanced_accuracy": {"primary": True, "margin": 2},
    "matthews": {},
    "log_loss": {},
}


def test_small_tables_of_scikit_learn_in_one_study_are_measured_as_scikit_learn_measures_them(workflow_copy):
    """Six tables by four metrics: every figure on kept predictions, the table over them for each metric, and the ranks."""
    flow = workflow_copy("tables")
    (flow.folder / "tables.py").write_text(TABLES)
    names = ("iris", "wine", "breast_cancer", "digits", "moons", "blobs")
    flow.write(
        {
            **{"study": "tables", "seeds": 2, "tracking": {"mlflow": False}, "metrics": FOUR},
            "data": {name: {"name": f"tables:{name}"} for name in names},
            "recipe": {**SMALL, "epochs": 6, "learning_rate": 0.02, "batch_size": 16},
            "ablations": {"no_dropout": {"set": {"dropout": 0.0}}, "slow": {"set": {"learning_rate": 0.005}}},
        }
    )
    done = flow.run()
    assert done.returncode == 0, done.stdout + done.stderr
    results = flow.folder / "results" / "tables"
    runs = load_study(results)
    assert len(runs) == 6 * 3 * 2
    for row in runs.to_dict("records"):
        truth = np.load(results / "data" / row["data"] / "arrays.npz")["y_test"]
        (path,) = results.glob(f"runs/{row['arm']}/*/seed_{row['seed']}.predictions.npz")
        p = np.load(path)["test"]
        wanted = {
            "balanced_accuracy": balanced_accuracy_score(truth, p.argmax(1)),
            "f1_macro": f1_score(truth, p.argmax(1), average="macro", labels=range(p.shape[1]), zero_division=0),
            "matthews": matthews_corrcoef(truth, p.argmax(1)),
        }
        assert {name: row[f"test/{name}"] for name in wanted} == pytest.approx(wanted)
    across = json.loads((results / "comparison.json").read_text())["across"]
    assert across["data_sets"] == list(names) and {row["arm"] for row in across["rows"]} == {"no_dropout", "slow"}
    contrasts = pd.read_csv(results / "tables" / "contrasts.csv")
    for row in [*across["rows"], *across["others"]]:
        same = contrasts[(contrasts.metric == row["metric"]) & contrasts.arm.str.startswith(f"{row['arm']}@")]
        if (same.pairs > 1).all():  # else there is no mean over all of them
            assert row["effect"] == pytest.approx(same.effect.mean())
        else:
            assert row["effect"] is None and row["arm"] == "slow"
    assert {row["metric"] for row in across["others"]} == {
        *("test/accuracy", "test/loss"),
        *(f"test/{name}" for name in FOUR if name != "balanced_accuracy"),
    }
    f1 = contrasts[contrasts.metric == "test/f1_macro"].set_index("arm")
    level = runs[runs.arm == "baseline@wine"]["test/f1_macro"].mean()
    assert f1.margin["slow@wine"] == pytest.approx(2 * level) != f1.margin["slow@moons"]
    report = (results / "report.md").read_text()
    assert "figures/critical_difference.png" in report and "The same on test F1 (macro), in points" in report
    assert (results / "figures" / "critical_difference.png").exists()

"""Folds as replicates: how a study asks for them, what a seed is tested on, that nothing leaks, and the corrected error."""

import json
import math
import re
from functools import partial
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy import stats as scipy_stats
from sklearn.model_selection import GroupKFold, StratifiedGroupKFold, StratifiedKFold

import validation_of_folds as made_up
from butfor import stats
from butfor.data.dataset import DataError, load
from butfor.data.folds import Folds
from butfor.data.prepare import prepare
from butfor.errors import StudyError
from butfor.metrics.stored_data import StoredData
from butfor.paper import method_paragraph
from butfor.report import fold_words
from butfor.study.other_words import SAME
from butfor.verdicts import contrasts
from butfor.verdicts.words import runs_in_words
from butfor.workflow import parameters
from validation import ALPHA, at_most, wrong_reports

ABLATION = "recipe: {batch_size: 8}\nablations: {a: {set: {dropout: 0.1}}}\n"
TABLE = "data: {name: csv, file: %s, target: y}\n"


@pytest.fixture
def table(tmp_path):
    """A table of 60 rows, with gaps, a category that few rows have, a number that only tells patients, and the patients."""
    rng = np.random.default_rng(0)
    patient = np.repeat(np.arange(20), 3)
    frame = pd.DataFrame({"a": rng.normal(10, 3, 60), "b": rng.normal(0, 1, 60), "patient": patient})
    frame["ward"] = np.where(np.arange(60) < 3, "rare", np.where(np.arange(60) % 2, "east", "west"))
    frame["y"] = np.where(np.arange(60) % 3 == 0, "yes", "no")
    frame.loc[[5, 17, 40], "a"] = np.nan
    path = tmp_path / "table.csv"
    frame.to_csv(path, index=False)
    return path


def prepared(planned, tmp_path, replicates, path, more="", target="y"):
    """The data set of a study on the table, as its training process has it."""
    data = f"data: {{name: csv, file: {path}, target: {target}, missing: median{more}}}\n"
    settings, plan = planned(f"replicates: {replicates}\n{data}{ABLATION}")
    files = [tmp_path / name for name in ("arrays.npz", "manifest.json", "source.json")]
    prepare({**settings["data"], "largest": plan.largest()}, *files, tmp_path / "files")
    return load(*files[:2]), json.loads(files[2].read_text())["source"]


def test_groups_that_a_table_names_for_metrics_stay_together_in_folds_too(planned, table):
    asked = "{folds: 4, repeats: 1}", "{folds: 4, repeats: 1, groups: b}"
    of = [
        planned(f"replicates: {each}\n{(TABLE % table).rstrip()[:-1]}, groups: patient}}\n{ABLATION}")[0]
        for each in asked
    ]
    assert [settings["data"]["folds"]["groups"] for settings in of] == ["patient", "b"]


def test_a_study_of_folds_has_one_look_at_all_of_them(planned, table):
    settings, plan = planned(f"replicates: {{folds: 4, repeats: 3}}\nfirst_seed: 8\n{TABLE % table}{ABLATION}")
    assert (settings["looks"], plan.seeds) == ([12], list(range(8, 20)))
    assert settings["data"]["test"] is None
    plain, _ = planned(f"{TABLE % table}{ABLATION}")
    assert "folds" not in plain["data"] and plain["data"]["test"]["share"] == 0.2 and plain["looks"] == [5, 10, 20, 30]
    assert SAME["n_splits"] == "folds" and SAME["cv"] == "replicates"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("replicates: {folds: 5}\nseeds: 5\n", ["seeds: expected none beside replicates", "Leave it out"]),
        (
            "replicates: {folds: 5}\nfirst_seed: 7\n",
            ["first_seed: expected a multiple of the 5", "Write first_seed: 5"],
        ),
        ("replicates: {folds: 5}\ntune: {}\n", ["tune: expected none beside replicates", "Leave it out"]),
        ("replicates: {folds: 1}\n", ["replicates.folds", "2"]),
        ("replicates: {k: 4}\n", ["k: unknown key in replicates", "Did you mean folds?"]),
    ],
)
def test_what_cannot_go_with_folds_is_refused_with_the_line_to_write(planned, table, text, words):
    with pytest.raises(StudyError) as error:
        planned(f"{text}{TABLE % table}{ABLATION}")
    assert all(word in str(error.value) for word in words), error.value


def test_seeds_are_tested_on_scikit_learns_folds(planned, tmp_path, table):
    data, source = prepared(planned, tmp_path, "{folds: 5, repeats: 2}", table)
    assert "60 examples divided into 5 folds (stratified by class)" in source
    for seed in (0, 7):
        fold = data.of_seed(seed)
        splitter = StratifiedKFold(5, shuffle=True, random_state=seed // 5)
        train, test = list(splitter.split(data.y_train, data.y_train))[seed % 5]
        assert np.array_equal(fold.y_test, data.y_train[test]) and np.array_equal(fold.y_train, data.y_train[train])
        assert fold.fold == (seed // 5, seed % 5, 5) and fold.folds is None
    apart = [data.of_seed(seed).y_test for seed in range(5)]
    assert sum(map(len, apart)) == 60


@pytest.mark.parametrize(("stratified", "kind"), [("false", GroupKFold), ("true", StratifiedGroupKFold)])
def test_groups_stay_in_one_fold_and_are_no_input(planned, tmp_path, table, stratified, kind):
    data, source = prepared(planned, tmp_path, f"{{folds: 4, groups: patient, stratified: {stratified}}}", table)
    patients = pd.read_csv(table)["patient"].to_numpy()
    assert data.x_train.shape[1] == 2 + 3 and "whole groups of patient" in source
    splitter = kind(4, shuffle=True, random_state=0)
    for seed, (train, test) in enumerate(splitter.split(patients, data.y_train, data.folds.groups)):
        assert not {*patients[train]} & {*patients[test]}
        assert np.array_equal(data.folds.rows(data.y_train, seed)[1], test)


def test_gaps_and_categories_are_those_of_a_folds_own_training_rows(planned, tmp_path, table):
    """As where the same rows are written as the training part of a table."""
    folded, _ = prepared(planned, tmp_path, "{folds: 20, groups: patient}", table)
    seed = next(s for s in range(20) if 0 in folded.folds.rows(folded.y_train, s)[1])  # the rare ward is tested on
    test = folded.folds.rows(folded.y_train, seed)[1]
    frame = pd.read_csv(table)
    frame["part"] = np.where(np.isin(np.arange(60), test), "test", "train")
    frame.drop(columns="patient").to_csv(tmp_path / "parts.csv", index=False)
    settings, plan = planned(
        f"data: {{name: csv, file: {tmp_path}/parts.csv, target: y, missing: median, part: part}}\n{ABLATION}"
    )
    files = [tmp_path / name for name in ("a.npz", "a.json", "s.json")]
    prepare({**settings["data"], "largest": plan.largest()}, *files, tmp_path / "files")
    plain, fold = load(*files[:2]), folded.of_seed(seed)
    rare = [0, 1, 2, 4]  # the columns but that of a ward that no training row is of
    assert np.allclose(fold.x_train[:, rare], plain.x_train) and np.allclose(fold.x_test[:, rare], plain.x_test)
    assert not fold.x_test[:, 3].any() and fold.x_test.shape[1] == 5


def test_a_folds_vocabulary_is_made_of_its_own_training_texts(planned, tmp_path):
    """As where the same texts are written as the training part, also of words that stand beyond the length that is read."""
    rng = np.random.default_rng(0)
    words = [*"abcdefgh", "날씨", "é", "zz"]
    texts = [" ".join(rng.choice(words, 9, p=np.arange(1, 12) / 66)) for _ in range(40)]
    texts[7] = "only " * 60
    frame = pd.DataFrame({"text": texts, "y": ["yes", "no"] * 20, "author": np.arange(40) // 2})
    frame.to_csv(tmp_path / "t.csv", index=False)
    model = "recipe: {batch_size: 8, model: 'zoo:build'}\nablations: {a: {set: {batch_size: 4}}}\n"
    files = [tmp_path / name for name in ("a.npz", "a.json", "s.json")]

    def read(study, more):
        about = f"name: texts, text: text, target: y, length: 4, vocabulary: 8, {more}"
        settings, plan = planned(f"{study}data: {{{about}}}\n{model}")
        prepare({**settings["data"], "largest": plan.largest()}, *files, tmp_path / "files")
        return load(*files[:2])

    folded = read("replicates: {folds: 4, groups: author}\n", f"file: {tmp_path}/t.csv")
    assert (folded.folds.groups[::2] == folded.folds.groups[1::2]).all() and len({*folded.folds.groups}) == 20
    for seed in range(4):
        train, test = folded.folds.rows(folded.y_train, seed)
        frame["part"] = np.where(np.isin(np.arange(40), test), "test", "train")
        frame.to_csv(tmp_path / "parts.csv", index=False)
        plain, fold = read("", f"file: {tmp_path}/parts.csv, part: part"), folded.of_seed(seed)
        assert fold.vocabulary == plain.vocabulary and len(fold.vocabulary) == 6
        np.testing.assert_array_equal(fold.x_train, plain.x_train)
        np.testing.assert_array_equal(fold.x_test, plain.x_test)
        assert ("only" in fold.vocabulary) == (7 in train)
    inputs = StoredData(*files[:2], 0.1).inputs
    folded = read("replicates: {folds: 4, groups: author}\n", f"file: {tmp_path}/t.csv")
    rows = folded.folds.rows(folded.y_train, 2)[1]
    np.testing.assert_array_equal(inputs("train", 2)[rows], folded.of_seed(2).x_test)


def test_what_is_tested_on_changes_nothing_that_is_trained_on(planned, tmp_path, table):
    """A planted leak would be seen: values of the tested rows that would move any mean, median, range or spread."""
    before, _ = prepared(planned, tmp_path, "{folds: 5}", table)
    test = before.folds.rows(before.y_train, 3)[1]
    frame = pd.read_csv(table)
    frame.loc[test, ["a", "b"]] = 1e6
    frame.to_csv(table, index=False)
    after, _ = prepared(planned, tmp_path, "{folds: 5}", table)
    for scaling in ("standard", "unit", "none"):
        recipe = {"input_scaling": {"name": scaling}}
        one, other = (data.of_seed(3).scaled(recipe) for data in (before, after))
        assert np.array_equal(one.x_train, other.x_train) and not np.array_equal(one.x_test, other.x_test)
    assert not np.array_equal(before.of_seed(0).x_train, after.of_seed(0).x_train)


@pytest.mark.parametrize(
    ("replicates", "words"),
    [
        ("{folds: 25}", ["at most the 20 examples of the rarest class", "Write folds: 20, or stratified: false"]),
        ("{folds: 30, groups: patient}", ["at most the 20 groups", "Write folds: 20"]),
        ("{folds: 5, groups: nobody}", ["replicates.groups: expected a column of the table, received nobody"]),
    ],
)
def test_folds_that_the_data_do_not_allow_are_refused_before_anything_trains(
    planned, tmp_path, table, replicates, words
):
    with pytest.raises(DataError) as error:
        prepared(planned, tmp_path, replicates, table)
    assert all(word in str(error.value) for word in words), error.value


def test_numbers_are_not_stratified_and_may_not_be(planned, tmp_path, table):
    data, source = prepared(planned, tmp_path, "{folds: 3}", table, target="b")
    assert not data.folds.stratified and "(at random)" in source
    with pytest.raises(DataError, match="stratified: false"):
        prepared(planned, tmp_path, "{folds: 3, stratified: true}", table, target="b")


def test_a_test_part_of_the_data_is_left_untouched(planned, tmp_path, table):
    data, source = prepared(planned, tmp_path, "{folds: 3}", table, more=", test: {share: 0.25}")
    assert "45 examples divided into 3 folds" in source and "test part of 15 examples is left untouched" in source
    assert sum(len(data.of_seed(seed).x_test) for seed in range(3)) == 45


def test_another_number_of_folds_is_other_data_and_more_repeats_are_not(planned, tmp_path, table):
    marks = [
        prepared(planned, tmp_path, asked, table)[0].fingerprint
        for asked in ("{folds: 5}", "{folds: 5, repeats: 3}", "{folds: 4}", "{folds: 5, groups: patient}")
    ]
    assert marks[0] == marks[1] and len(set(marks)) == 3
    assert Folds(5).rows(np.zeros(20), 3)[1].tolist() == Folds(5).rows(np.zeros(20), 3)[1].tolist()


# The statistics


def test_the_variance_of_a_mean_over_folds_is_nadeaus_and_bengios():
    a, b = np.random.default_rng(0).normal(size=(2, 10))
    pairs = stats.pair(dict(enumerate(a)), dict(enumerate(b)), range(10))
    found = stats.contrast(pairs, stats.Rule(looks=(10,), overlap=0.25))
    d = a - b
    t = d.mean() / math.sqrt((1 / 10 + 0.25) * d.var(ddof=1))
    assert found.p_difference == pytest.approx(2 * scipy_stats.t.sf(abs(t), 9)) and found.freedom == 9
    assert found.error == pytest.approx(math.sqrt(0.35 * d.var(ddof=1)))
    plain = stats.contrast(pairs, stats.Rule(looks=(10,)))
    assert plain.error == d.std(ddof=1) / math.sqrt(10)


def test_failures_over_folds_count_as_so_many_independent_ones():
    """Of 10 runs on 5 folds, all of one arm's and none of the other's: as 2 of 2 they say nothing, as 10 of 10 much."""
    pairs = stats.pair(dict.fromkeys(range(10), None), dict.fromkeys(range(10), 1.0), range(10))
    assert stats.contrast(pairs, stats.Rule(looks=(10,))).p_failure < 0.001
    assert stats.contrast(pairs, stats.Rule(looks=(10,), overlap=0.25)).p_failure > 0.1


def test_more_folds_decide_only_as_far_as_training_sets_differ():
    a = 0.4 + np.random.default_rng(1).normal(size=10)
    pairs = stats.pair(dict(enumerate(a)), dict.fromkeys(range(10), 0.0), range(10))
    free, bound = (stats.Rule(looks=(10,), resolution=0.0, overlap=overlap) for overlap in (0.0, 0.25))
    assert stats.more_seeds(stats.contrast(pairs, free), free, 1) is not None
    assert stats.more_seeds(stats.contrast(pairs, bound), bound, 1) is None


def test_the_step_of_the_metric_is_that_of_the_smallest_fold():
    scenario = made_up.Scenario("", fitted=True, margin=5.0)
    asked = made_up.study(scenario)
    records = [
        made_up.validation.made_up(arm, fold, 90.0, examples=20 + fold) for arm in made_up.ARMS for fold in range(10)
    ]
    row = next(row for row in contrasts.judge(asked, records, []) if row["metric"] == "test/accuracy")
    assert row["error"] == pytest.approx(100 / 20 * math.sqrt(1 / 10 + 1 / 4))
    assert math.isnan(row["test_error"]) and math.isnan(row["p_typical"])


@pytest.mark.cases
def test_reports_over_folds_are_rarely_wrong_and_often_if_folds_pass_for_seeds():
    """Ridge regressions on real folds of made-up data, of which nothing is presumed. (tests/validation_of_folds.py has more.)"""
    name = "ridge, nothing, 5 folds x 2"
    found = made_up.run(made_up.SCENARIOS[name], 40, seed=1)
    naive = made_up.run(made_up.SCENARIOS["as seeds: ridge, nothing, 10 folds x 3"], 40, seed=1)
    assert wrong_reports(found) <= at_most(ALPHA, 40) < wrong_reports(naive)


def test_the_report_says_what_folds_are_and_what_verdicts_are_about():
    asked = {"replicates": {"folds": 5, "repeats": 2}}
    records = [made_up.validation.made_up("baseline", seed, 90.0, examples=11 + seed % 2) for seed in range(10)]
    words = fold_words.method(asked, records)
    assert "5 folds, in 2 divisions" in words and "11 to 12 examples" in words and "n_test/n_train = 0.25" in words
    assert "data like these" in fold_words.scope(asked) and "no fixed test set" in fold_words.test_set(asked)
    assert (fold_words.method({}, records), fold_words.scope({}), fold_words.test_set({})) == ("", "", "")


@pytest.mark.parametrize(
    ("asked", "task", "said", "written"),
    [
        ({}, "binary", "as many examples of each class as any other (stratified).", "folds, stratified by class; each"),
        ({"stratified": False}, "binary", "is drawn at random.", "folds, at random; each was"),
        ({}, "regression", "is drawn at random.", "folds, at random; each was"),
        (
            *({"groups": "customer_id"}, "regression", "whole groups by `customer_id`, so that none is both"),
            r"folds, each of whole groups by \texttt{customer\_id}, none of which was both trained on and tested on; each",
        ),
        (
            *({"groups": "site"}, "classification", "as far as they allow it as many examples of each class"),
            r"folds, stratified by class and each of whole groups by \texttt{site}, none",
        ),
    ],
    ids=str,
)
def test_methods_say_which_examples_a_fold_has(asked, task, said, written):
    study = {"replicates": {"folds": 5, "repeats": 1, "stratified": None, "groups": None, **asked}}
    record = SimpleNamespace(data={"test": 12, "task": task})
    assert said in fold_words.method(study, [record])
    (divided, _) = method_paragraph._folds(SimpleNamespace(study=study, records=[record]))
    assert written in divided


def test_groups_that_the_data_name_are_those_of_the_folds_that_methods_tell(planned, table):
    text = f"data: {{name: csv, file: {table}, target: y, groups: customer}}\nablations: {{a: {{set: {{dropout: 0.2}}}}}}\n"
    asked = parameters.analysis(*planned(text + "replicates: {folds: 4}"))["replicates"]
    assert (asked["groups"], asked["folds"]) == ("customer", 4)
    asked = parameters.analysis(*planned(text + "replicates: {folds: 4, groups: shop}"))["replicates"]
    assert asked["groups"] == "shop" and "replicates" not in parameters.analysis(*planned(text))


ARRAYS = {"x_train": np.arange(60.0).reshape(20, 3), "y_train": np.arange(20) % 2, "site": np.arange(20) // 2}


@pytest.mark.parametrize(
    ("names", "asked", "words"),
    [
        ({"x_train": "images", "y_train": "labels"}, "{folds: 4}", "missing x_train, y_train; found images"),
        ({}, "{folds: 4, groups: patient}", "missing patient; found"),
        ({"site": "y_test"}, "{folds: 4}", "expected x_test and y_test, or neither, received none for x_test"),
    ],
)
def test_what_is_missing_of_arrays_is_named_and_no_damage(planned, tmp_path, names, asked, words):
    np.savez(tmp_path / "d.npz", **{names.get(key, key): array for key, array in ARRAYS.items()})
    settings, plan = planned(f"replicates: {asked}\ndata: {{name: npz, file: {tmp_path}/d.npz}}\n{ABLATION}")
    files = [tmp_path / name for name in ("a.npz", "m.json", "s.json")]
    with pytest.raises(DataError, match=re.escape(words)):
        prepare({**settings["data"], "largest": plan.largest()}, *files, tmp_path / "files")


@pytest.mark.parametrize("asked", ["{folds: 4}", "{folds: 4, groups: site}", "{folds: 4, groups: site_train}"])
def test_groups_of_arrays_are_those_of_folds_and_of_metrics(planned, tmp_path, asked):
    np.savez(tmp_path / "d.npz", **{"site_train" if key == "site" else key: array for key, array in ARRAYS.items()})
    data = f"data: {{name: npz, file: {tmp_path}/d.npz, groups: site}}\n"
    settings, plan = planned(f"replicates: {asked}\n{data}{ABLATION}")
    files = [tmp_path / name for name in ("a.npz", "m.json", "s.json")]
    prepare({**settings["data"], "largest": plan.largest()}, *files, tmp_path / "files")
    made = load(*files[:2])
    assert all(
        len(set(made.folds.groups[train]) & set(made.folds.groups[test])) == 0
        for train, test in map(partial(made.folds.rows, made.y_train), range(4))
    )
    with np.load(files[0]) as stored:
        assert stored["groups_train"].tolist() == ARRAYS["site"].tolist()


def test_a_few_failures_of_many_folds_are_no_proof_of_a_low_rate():
    """6 of 100 runs on 20 folds, as 1 of 15, and not as 0: that they are fewer than a fifth is not shown."""
    rule = stats.Rule(looks=(100,), overlap=1 / 19)
    runs = rule.independent_of(100, 100)
    assert (rule.independent_of(6, 100), rule.independent_of(6, 100, up=True), runs) == (0, 1, 15)
    assert stats.p_fails_below(1, runs, 0.2, 1) > 0.1 > 0.05 > stats.p_fails_below(0, runs, 0.2, 1)
    more, fewer = stats.fails_more(0, 6, 100, rule)
    assert fewer > 0.4 and more > 0.4


@pytest.mark.parametrize(
    ("more", "words"),
    [([3.0, 21.0, None], "write `repeats: 3` in"), ([None, None, None], "No number of repeats is known")],
)
def test_what_is_proposed_is_whole_repeats_that_a_study_can_write(more, words):
    asked = {"replicates": {"folds": 5, "repeats": 2}}
    rows = [{"arm": f"a{n}", "planned": 10, "more_seeds": each} for n, each in enumerate(more)]
    assert words in fold_words.more_repeats(asked, rows)
    needed = [fold_words.repeats_needed(asked, row) for row in rows]
    assert needed == ([3, 7, None] if more[0] else [None] * 3)
    assert "2 by now" in fold_words.lacking(asked, rows) and "`a2` none" in fold_words.lacking(asked, rows)


def test_runs_are_named_by_fold_and_repeat():
    asked = {"folds": 5, "repeats": 2}
    assert runs_in_words([0, 3, 5, 6, 7, 8, 9], asked) == "folds 0, 3 of repeat 0; all folds of repeat 1"
    assert runs_in_words([6], asked) == "fold 1 of repeat 1" and runs_in_words([6, 7], None) == "seeds 6, 7"

"""What goes into a paper: numbers are those of the records, bold is what a verdict says, LaTeX takes whatever names are."""

import dataclasses
import re
import sys
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from butfor.errors import StudyError
from butfor.figures.paper_cost import paper_cost
from butfor.figures.paper_sensitivity import paper_sensitivity
from butfor.metrics import scores
from butfor.paper.ablation_table import ablation_tables, marked_parts
from butfor.paper.bibliography import references
from butfor.paper.captions import effects_caption
from butfor.paper.checklist import checklist
from butfor.paper.claim_table import claim_tables
from butfor.paper.data_set_table import data_set_tables
from butfor.paper.figure_data import effects_table, seeds_table, write_data
from butfor.paper.further_captions import cost_caption, sensitivity_caption
from butfor.paper.further_frames import costs_table, sensitivity_table
from butfor.paper.latex_text import escaped, from_markdown
from butfor.paper.macro_names import macro_names, spelled
from butfor.paper.macros import macros_file
from butfor.paper.method_paragraph import method_paragraph
from butfor.paper.paper import paper_texts, write_paper
from butfor.paper.paper_evidence import PaperSources
from butfor.paper.software_sentence import WITHOUT_SKLEARN
from butfor.paper.spread_rounding import column_decimals, decimals_by, signed_number, with_deviation
from butfor.paper.tabular import Column, Table, in_latex
from butfor.study.metric_catalogue import CATALOGUE, NUMBERS
from butfor.study.schema import load_schema
from conftest import SCHEMA
from paper_studies import FAILING, MOSTLY, PLANTED, STUDIES, evidence_of

MACRO = re.compile(r"\\newcommand\{\\(.+?)\}\{(.*)\}$", re.MULTILINE)
DIFFERENT = ("helps", "hurts")


@pytest.fixture(scope="module")
def evidence(tmp_path_factory):
    made = {}

    def of(name):
        if name not in made:
            text, planted = (FAILING, MOSTLY) if name == "failing" else (STUDIES[name], PLANTED)
            made[name] = evidence_of(tmp_path_factory.mktemp(name), text, planted)
        return made[name]

    return of


def number(text):
    """What a cell or a macro shows."""
    return float(re.sub(r"\\bfseries|\\ensuremath|[{}+]|\(.*", "", text).strip())


def rows_of(latex):
    """The cells of a table, row by row, without what stands above a row."""
    body = latex.split(r"\midrule", 1)[1].split(r"\bottomrule")[0]
    lines = [re.sub(r"^\\(midrule|addlinespace) ?", "", line.strip()) for line in body.splitlines()]
    return [[cell.strip() for cell in line.removesuffix(r"\\").split(" & ")] for line in lines if line.endswith(r"\\")]


def test_the_table_shows_the_numbers_of_the_records_in_rows_of_their_own(evidence):
    found = evidence("many")
    (table,) = ablation_tables(found)
    shown = {row[0]: row for row in rows_of(in_latex(table, 5.5))}
    (helps,) = [row for row in found.settling if row["arm"] == "no_dropout"]
    own = shown["w/o dropout"]
    assert number(own[1]) == pytest.approx(found.arms["no_dropout"]["reaches"]["test/accuracy"]["mean"], abs=0.006)
    assert number(own[2]) == pytest.approx(helps["effect"], abs=0.006)
    assert [float(end) for end in re.findall(r"[+-]?[\d.]+", own[3])] == pytest.approx(
        [helps["low"], helps["high"]], abs=0.006
    )
    assert own[4] == "helps" and shown["zeros"][1] == "{all failed}" and shown["zeros"][4] == "hurts"
    assert shown[r"\emph{Initialisers}"][1:] == [""] * 6, "a family has a row with its name"
    assert "normal (stddev 0.05)" in shown and "normal (stddev 1.0)" in shown and "w/o dropout, L2" in shown
    assert shown["Full recipe"][2:5] == [""] * 3


@pytest.mark.parametrize("name", ["many", "parts", "metrics", "folds"])
def test_all_effects_of_a_table_are_those_of_contrasts_json_and_bold_is_what_a_verdict_says(evidence, name):
    found = evidence(name)
    for table in ablation_tables(found):
        heads = [column.group for column in table.columns]
        deltas = [place for place, column in enumerate(table.columns) if column.head == r"$\Delta$"]
        listed = [row for row in table.cells if any(row[1:])]
        names = [
            arm["name"]
            for family in dict.fromkeys(a["family"] for a in found.study["arms"])
            for arm in found.study["arms"]
            if arm["family"] == family
        ]
        assert len(listed) == len(names)
        for place, metric in zip(
            deltas, [m for m in found.metrics if any(m.short.lower() in head.lower() for head in heads)], strict=False
        ):
            rows = {row["arm"]: row for row in metric.rows(found.contrasts)}
            for arm, cells in zip(names, listed, strict=True):
                row, is_bold = rows.get(arm), (table.cells.index(cells), place) in table.bold
                assert is_bold == bool(row and row["verdict"] in DIFFERENT and row["effect"] is not None), (
                    arm,
                    metric.name,
                )
                if row and row["effect"] is not None:
                    most = 10 ** -len(cells[place].partition(".")[2])
                    assert number(cells[place]) == pytest.approx(row["effect"], abs=0.51 * most), (arm, metric.name)
        styled = in_latex(table, 5.5)
        assert styled.count(r"\bfseries") == len(table.bold)


def test_few_parts_are_columns_of_check_marks(evidence):
    assert marked_parts(evidence("parts")) == ["dropout", "l2"] and marked_parts(evidence("many")) == []
    (table,) = ablation_tables(evidence("parts"))
    marks = [row[:2] for row in table.cells]
    assert marks == [[r"\checkmark"] * 2, ["--", r"\checkmark"], [r"\checkmark", "--"], ["--", "--"]]


def test_data_sets_are_columns_and_what_is_said_over_them_comes_last(evidence):
    found = evidence("sets")
    (table,) = data_set_tables(found)
    assert [column.head for column in table.columns] == ["Recipe", r"small\_1", "other", "mean", "interval", "verdict"]
    own = next(row for row in table.cells if row[0] == "w/o dropout")
    over = next(row for row in found.comparison["across"]["rows"] if row["arm"] == "no_dropout")
    assert [number(cell) for cell in own[1:4]] == pytest.approx([*over["effects"].values(), over["effect"]], abs=0.006)
    assert own[5] == "helps"


def test_claims_are_a_table_with_what_became_of_each(evidence):
    claim = {
        "claim": "c",
        "sentence": "5 % matter_s.",
        "arm": "no_dropout",
        "metric": "gap/loss",
        "expect": "hurts",
        "margin": 1.0,
    }
    claim |= {
        "rate": None,
        "unit": "nats",
        "decimals": 4,
        "outcome": "refuted",
        "effect": 1.23456,
        "low": 1.1,
        "high": 1.4,
    }
    claim |= {"planned": 6, "missing": 0, "failed_ablation": 0, "standing": "declared before the data"}
    zeros = {
        **claim,
        "effect": None,
        "failed_ablation": 6,
        "rate": 0.5,
        "standing": "exploratory",
        "metric": "test/accuracy",
    }
    found = evidence("parts")
    assert claim_tables(found, 5.5) == []
    (table,) = claim_tables(
        dataclasses.replace(found, claims={"claims": [claim, zeros], "removed": 1, "deviations": []}), 5.5
    )
    assert table.cells[0] == [
        r"5 \% matter\_s.",
        "w/o dropout",
        "hurts by 1 (gap/\\allowbreak{}loss)",
        r"$+1.23\;[+1.10,\,+1.40]$",
        "refuted",
    ]
    assert (
        table.cells[1][2:4] == [r"fails in more than 50\,\% of runs", "6 of 6 failed"] and "dagger" in table.cells[1][0]
    )
    assert "2 refuted" in table.caption and "1 claim taken out since still counts" in table.caption


def test_every_macro_is_a_number_of_the_records(evidence):
    found = evidence("many")
    macros = dict(MACRO.findall(macros_file(found)))
    assert len(macros) == len(MACRO.findall(macros_file(found))), "no name twice"
    assert all(re.fullmatch("[A-Za-z]+", name) for name in macros)
    row = next(row for row in found.settling if row["arm"] == "no_dropout")
    assert number(macros["abNoDropoutAccuracyEffect"]) == pytest.approx(row["effect"], abs=0.006)
    assert number(macros["abNoDropoutAccuracyLow"]) == pytest.approx(row["low"], abs=0.006)
    assert macros["abNoDropoutAccuracyVerdict"] == "helps" and number(macros["abStudyRuns"]) == len(found.records)
    assert macros["abZerosFailed"] == r"\ensuremath{6}" and "abZerosAccuracyMean" not in macros
    assert "abInitNormalZeroPointZeroFiveAccuracyEffect" in macros


def test_names_of_macros_are_letters_and_stay_what_they_are():
    hostile = ["init_normal_0.05", "드롭아웃_없음", "100 % & _", "ä.b-c", "no_dropout@small", "l2", "_", "无_1"]
    names = macro_names(hostile)
    assert names["init_normal_0.05"] == "InitNormalZeroPointZeroFive" and names["l2"] == "LTwo"
    assert names["드롭아웃_없음"] == "DeuRobAUsEobsEum" and names["100 % & _"] == "OneZeroZeroPercentAnd"
    assert names["no_dropout@small"] == "NoDropoutOnSmall"
    assert all(re.fullmatch("[A-Za-z]+", name) for name in names.values()) and len({*names.values()}) == len(hostile)
    assert macro_names(["a_one", "a_1"])["a_one"] == "AOne" == spelled("a_1"), "words keep their name beside others"
    assert macro_names(["a_1", "a_one"])["a_1"] == macro_names(["a_one", "a_1"])["a_1"] != "AOne"
    assert all(macro_names([name])[name] == names[name] for name in hostile), "whatever else there is"


@pytest.mark.parametrize("name", STUDIES)
def test_all_files_are_latex_whatever_the_study_is_called(evidence, name):
    files = paper_texts(evidence(name), 5.5, False, mlflow=True)
    text = "\n".join(
        line for file, lines in files.items() if file.endswith(".tex") for line in lines.splitlines() if line[:1] != "%"
    )
    assert r"100\_percent" in text and r"100 \% \& \_ matter, for \$5 \#1 \{x\}" in text
    assert not re.search(r"(?<![\\\d])%", text.replace("\\%", "")) and not re.search(r"(?<!\\)#", text)
    used = {*re.findall(r"\\(ab[A-Z]\w*)", files["main.tex"])}
    assert used and used <= {macro for macro, _ in MACRO.findall(files["macros.tex"])}
    for label in re.findall(r"\\ref\{(.*?)\}", text):
        assert rf"\label{{{label}}}" in text
    assert all(
        lines.startswith("% Made by butfor from study 100_percent; ") and "sha256:" in lines.splitlines()[0]
        for lines in files.values()
    )
    cited = {key for keys in re.findall(r"\\cite\w*\{(.*?)\}", text) for key in keys.split(",")}
    assert cited == set(re.findall(r"^@\w+\{(\w+),", files["references.bib"], re.MULTILINE))


def test_a_work_without_an_entry_is_no_silent_gap():
    with pytest.raises(KeyError, match="nobody2020"):
        references([r"\citep{nobody2020}"])


def test_methods_say_what_was_done(evidence):
    many, folds, metrics = (
        method_paragraph(evidence(name), mlflow=name == "many") for name in ("many", "folds", "metrics")
    )
    assert (
        "after 4 and 6 seeds" in many
        and r"multiplied by the 2 looks" in many
        and r"against a margin of $\pm$\,0.5" in many
    )
    assert (
        "Of all runs, 6 left no usable model" in many
        and r"\citep{boschloo1970raised}" in many
        and "zaharia2018" in many
    )
    assert (
        r"$1/J + 0.5$" in folds
        and "nadeau2003inference" in folds
        and "looks" not in folds
        and "zaharia2018" not in folds
    )
    assert (
        "; F1 (macro), balanced accuracy and the data came from scikit-learn" in metrics and "No run failed." in metrics
    )
    assert re.search(r"The \d other metrics together have \$\\alpha\$ again, corrected over \d+ comparisons\.", metrics)
    assert "divided into 3 folds, in 2 divisions, stratified by class; each was the test part once" in folds
    assert "the folds and the data came from scikit-learn" in folds and "calibration" not in metrics, (
        "NumPy has computed it"
    )


def test_methods_name_the_source_of_each_metric(evidence):
    found = evidence("metrics")
    one = found.study["metrics"]["f1_macro"]
    own, keras = {**one, "title": "my_f", "score": "mine:f"}, {**one, "title": "poisson", "score": "keras.Poisson"}
    asked = {"my_f": own, "poisson": keras, "ece": found.study["metrics"]["ece"]}
    text = method_paragraph(dataclasses.replace(found, study={**found.study, "metrics": asked}), mlflow=False)
    assert "poisson came from Keras" in text and "my\\_f came from code of our own" in text
    assert "; the data came from scikit-learn" in text


def test_scikit_learn_is_named_for_the_metrics_that_it_computes(monkeypatch):
    predicted, numbers = np.array([[0.2, 0.8], [0.6, 0.4], [0.3, 0.7]]), np.array([0.1, 0.9, 0.4])
    for name, known in CATALOGUE.items():
        of_numbers = known.tasks == NUMBERS
        truth, said = (
            (numbers, numbers + np.array([0.1, -0.3, 0.2])) if of_numbers else (np.array([1, 0, 0]), predicted)
        )
        called = []
        sys.setprofile(lambda frame, *_, called=called: called.append(frame.f_code.co_filename))
        try:
            scores.SCORES[name](scores.answered(truth, said, known.tasks[0]), known.options)
        finally:
            sys.setprofile(None)
        assert (name in WITHOUT_SKLEARN) != any("/sklearn/metrics/" in path for path in called), name


def test_methods_say_only_of_what_there_is_that_it_saw_validation_examples(evidence):
    found = evidence("parts")
    start = "The test set was used once per run, at its end; it is fixed"
    assert start in method_paragraph(found, mlflow=False), "no arm stops early"
    recipe = {
        **found.records[0].recipe,
        "early_stopping": {"name": "patience", "patience": 2, "monitor": "trained_loss"},
    }
    stopped = [*found.records[:-1], dataclasses.replace(found.records[-1], recipe=recipe)]
    text = method_paragraph(dataclasses.replace(found, records=stopped), mlflow=False)
    by = "(by the loss that trains)"
    assert f"Early stopping and the choice of an epoch {by} saw validation examples only, and the test set was" in text
    falls = [
        dataclasses.replace(
            each, recipe={**each.recipe, "schedule": {"name": "reduce_on_plateau", "monitor": "accuracy"}}
        )
        for each in found.records
    ]
    text = method_paragraph(dataclasses.replace(found, records=falls), mlflow=False)
    assert "The schedule that waits for a plateau (by the accuracy) saw validation examples only" in text
    assert "Early" not in text


def test_methods_name_the_library_that_trained(evidence):
    on_tensorflow = evidence("parts")
    jax = {"engine": "butfor.jax_engine.jax_engine:JaxEngine", "jax": "0.11.2", "jaxlib": "0.11.1"}
    records = [dataclasses.replace(each, machine={**each.machine, **jax}) for each in on_tensorflow.records]
    on_jax = method_paragraph(dataclasses.replace(on_tensorflow, records=records), mlflow=False)
    assert "trained with JAX 0.11.2~\\citep{jax2018github} and Keras 3.15.1" in on_jax and "TensorFlow" not in on_jax
    assert "jax2018github" in references([on_jax])
    assert "TensorFlow 2.21.0" in method_paragraph(on_tensorflow, mlflow=False)
    both = dataclasses.replace(on_tensorflow, records=[*on_tensorflow.records[:3], *records[3:]])
    assert "with TensorFlow 2.21.0" in (text := method_paragraph(both, mlflow=False)) and "and JAX 0.11.2" in text


def test_n_counts_the_runs_that_a_mean_is_over(evidence):
    (table,) = ablation_tables(evidence("failing"))
    shown = {
        row[0]: dict(zip((column.head for column in table.columns), row, strict=True)) for row in table.cells if row[1]
    }
    counts = {label: cells["$n$"] for label, cells in shown.items()}
    assert counts == {"Full recipe": "6", "w/o dropout": "6", "w/o L2": "{2 of 6}", "zeros": "{0 of 6}"}
    assert (
        "over the runs that left a usable model: 2 of 6 of ``w/o L2'' and 0 of 6 of ``initialiser zeros''."
        in table.caption
    )
    assert "over the seeds at which neither failed" in table.caption
    assert "usable" not in ablation_tables(evidence("parts"))[0].caption
    found = evidence("failing")
    reached = [r.metrics["test/accuracy"] for r in found.records if r.arm == "no_l2" and r.status == "ok"]
    assert len(reached) == 2 and number(shown["w/o L2"][r"mean $\pm$ sd"].split("(")[0].strip("{$ ")) == pytest.approx(
        100 * np.mean(reached), abs=0.06
    )
    assert "2 of 6 of ``w/o L2''" in checklist(found)


def test_the_checklist_knows_runs_seconds_and_machines(evidence):
    text = checklist(evidence("parts"))
    assert "24 runs on CPU, 1 thread of 100 \\% \\& \\_ \\#1 (Linux\\_6\\textasciitilde{}; Python 3.11.7" in text
    assert "trained for 1.5\\,s (median" in text and "took 48 s of such a device" in text
    assert "one standard deviation over runs, not the standard error" in text and "Each arm has 6 seeds." in text
    assert "Each run had 1\\,200 training examples, 100 validation examples and 1\\,000 test examples; data" in text


def test_the_checklist_tells_the_examples_of_arms_that_had_others(evidence):
    found = evidence("parts")

    def with_sizes(sizes):
        records = [dataclasses.replace(r, data={**r.data, **sizes.get(r.arm, {})}) for r in found.records]
        return checklist(dataclasses.replace(found, records=records))

    text = with_sizes({"no_l2": {"train": 400}, "bare": {"train": 400}})
    assert (
        "Each run of the full recipe had 1\\,200 training examples, 100 validation examples and 1\\,000 test examples; those of"
        " ``w/o L2'' and ``w/o dropout, L2'', 400 training examples; data" in text
    )
    folds = [dataclasses.replace(r, data={**r.data, "train": 1200 + r.seed % 2}) for r in found.records]
    assert "Each run had 1\\,200 to 1\\,201 training" in checklist(dataclasses.replace(found, records=folds))


def test_the_data_of_the_figure_are_those_of_the_records_as_csv_and_parquet(evidence, tmp_path):
    found = evidence("many")
    effects, seeds = effects_table(found), seeds_table(found)
    write_data({"effects": effects, "seeds": seeds}, tmp_path)
    for name, frame in (("effects", effects), ("seeds", seeds)):
        pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / f"{name}.parquet"), frame)
        assert len(pd.read_csv(tmp_path / f"{name}.csv")) == len(frame)
    means = seeds.groupby("arm")["difference"].mean()
    for row in found.settling:
        assert row["effect"] is None or means[row["arm"]] == pytest.approx(row["effect"])


def test_further_figures_show_what_the_records_say(evidence, tmp_path):
    found = evidence("many")
    table, rows = sensitivity_table(found), {row["arm"]: row for row in found.settling}
    assert dict(zip(table["arm"], table["value"], strict=True)) == {"Ärger.2": 0.02, "a_1": 0.03, "a_One": 0.04}
    assert set(table["before"]) == {0.01} and set(table["number"]) == {"learning_rate"}
    assert all(row["effect"] == rows[row["arm"]]["effect"] for row in table.to_dict("records"))
    assert not len(costs_table(found)), "all its runs take as long"
    slower = [
        dataclasses.replace(
            each,
            parameters=1234,
            timing={"seconds": {**each.timing["seconds"], "train": 1.0 + (each.arm == "no_l2") + 0.01 * each.seed}},
        )
        for each in found.records
    ]
    found = dataclasses.replace(found, records=slower)
    costs = costs_table(found).set_index("arm")
    assert costs.loc["no_l2", "median"] == np.median([r.timing["seconds"]["train"] for r in slower if r.arm == "no_l2"])
    assert costs.loc["baseline", "effect"] == 0.0 and costs.loc["no_dropout", "effect"] == rows["no_dropout"]["effect"]
    noisy = [
        dataclasses.replace(each, timing={"seconds": {"train": 1.0 + (len(each.arm) + each.seed) % 5}})
        for each in slower
    ]
    assert not len(costs_table(dataclasses.replace(found, records=noisy))), "its runs differ as much as its arms"
    for draw, shown, name in ((paper_sensitivity, table, "sensitivity"), (paper_cost, costs.reset_index(), "cost")):
        draw(shown, found.metric, "icml2024", tmp_path / f"{name}.pdf")
        box = re.search(rb"/MediaBox\s*\[\s*0\s+0\s+([\d.]+)", (tmp_path / f"{name}.pdf").read_bytes())
        assert float(box[1]) == pytest.approx(72 * 3.25, abs=0.5)
    texts = paper_texts(found, 6.75, True, mlflow=False)
    assert r"\label{fig:sensitivity}" in texts["main.tex"] and r"\label{fig:cost}" in texts["main.tex"]
    of_parts = paper_texts(evidence("parts"), 6.75, True, mlflow=False)["main.tex"]
    assert "sensitivity" not in of_parts and "fig:cost" not in of_parts


def test_captions_name_no_verdict_that_cannot_occur(evidence):
    """Without a margin, nothing can be shown to make no meaningful difference, and no mark stands for it."""
    found = evidence("many")
    without = dataclasses.replace(found, study={**found.study, "verdict": {**found.study["verdict"], "margin": None}})
    for of in (effects_caption, sensitivity_caption, cost_caption):
        assert "open where they are shown to make no meaningful difference" in of(found)
        assert "meaningful" not in of(without) and "filled where they are shown to differ" in of(without)
    documents = [paper_texts(each, 6.75, True, mlflow=False)["main.tex"] for each in (found, without)]
    assert [document.count(r"no meaningful difference \abStudySame,") for document in documents] == [1, 0]
    assert [document.count("meaningful") > 0 for document in documents] == [True, False]


def test_a_folder_that_is_another_study_s_results_is_left_alone(evidence, tmp_path):
    (tmp_path / "paper").mkdir()
    (tmp_path / "paper" / ".study").write_text("paper\n")
    with pytest.raises(StudyError, match=r"received the results of the study paper\. Give one of the two"):
        write_paper({}, PaperSources([], "", "", ""), SCHEMA, "neurips2024", False, tmp_path / "paper" / "main.tex")


def test_decimals_follow_the_spread():
    assert [decimals_by(spread, 4) for spread in (0.0, None, 0.0123, 0.123, 12.3, 1234.0)] == [4, 4, 3, 2, 0, 0]
    assert column_decimals({"a": 0.12, "b": 0.09, "c": 0.5, "far": 12.0}, 2) == {"a": 2, "b": 2, "c": 2, "far": 0}
    assert with_deviation(88.0755, 0.0956, 2) == "88.08(10)" and with_deviation(62.8, 10.65, 0) == "63(11)"


def test_no_difference_of_a_table_is_written_as_0_that_is_not():
    assert [signed_number(value, 0) for value in (0.287, -0.04, 31.4, 0.0, 1e-15)] == ["+0.3", "-0.04", "+31", "0", "0"]


def test_long_tables_go_on_over_pages_and_wide_ones_are_set_smaller():
    columns = [Column("", "Recipe"), Column("m", "a", "S[table-format=1.1]")]
    long = Table("t", "c", columns, [[f"w/o part {place}", "1.0"] for place in range(100)])
    assert r"\begin{longtable}" in in_latex(long, 5.5) and "tabular" not in in_latex(long, 5.5)
    twice = in_latex(long, 6.75, wide=True)
    assert "longtable" not in twice and twice.count(r"\begin{table*}") == 3 and twice.count("w/o part") == 100
    short = Table("t", "c", columns, [["x" * 85, "1.0"]])
    assert r"\small" in in_latex(short, 5.5) and r"\footnotesize" in in_latex(short, 4.6)


def test_special_letters_are_words_to_latex():
    assert (
        escaped("100 % & _ #1 {x} $ ~ ^ \\")
        == r"100 \% \& \_ \#1 \{x\} \$ \textasciitilde{} \textasciicircum{} \textbackslash{}"
    )
    assert escaped("a\n\tb\x00c → d") == r"a b c $\to$ d"
    assert (
        from_markdown(r"`a_1` was **set** to 5 \* 2 %, then `b`")
        == r"\texttt{a\_1} was set to 5 * 2 \%, then \texttt{b}"
    )


def test_venues_are_those_that_tueplots_knows():
    from tueplots import bundles

    from butfor.figures.venue_style import COLUMNS, PAGE, page

    venues = load_schema(SCHEMA)["properties"]["paper"]["properties"]["venue"]["enum"]
    assert all(hasattr(bundles, venue) for venue in venues) and {*COLUMNS} <= {*venues} and {*PAGE} == {*COLUMNS}
    assert page("neurips2024") == (5.5, False) and page("icml2024") == (6.75, True)


def test_a_venue_s_figure_has_its_width_and_fonts_that_are_embedded(evidence, tmp_path):
    from butfor.figures.paper_effects import paper_effects

    found = evidence("many")
    paper_effects(effects_table(found), seeds_table(found), found.metric, "neurips2024", tmp_path / "effects.pdf")
    pdf = (tmp_path / "effects.pdf").read_bytes()
    assert b"/Type3" not in pdf and b"/CIDFontType2" in pdf and b"/FontFile2" in pdf
    box = [float(end) for end in re.search(rb"/MediaBox \[ ?([\d. ]+)\]", pdf)[1].split()]
    assert box[2] / 72 == pytest.approx(5.5, abs=0.01)


def test_a_label_of_the_study_s_own_comes_first(evidence):
    found = evidence("parts")
    arms = [{**arm, "label": "no mask & more"} if arm["name"] == "no_dropout" else arm for arm in found.study["arms"]]
    from butfor.paper.row_labels import row_labels

    assert row_labels({**found.study, "arms": arms}, found.parts)["no_dropout"] == "no mask & more"
    assert SimpleNamespace(**row_labels(found.study, found.parts)).no_l2 == "w/o L2"

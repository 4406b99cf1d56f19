"""A user's words in the report, in MLflow and in paths: shown as they were written, and nothing more comes of them."""

import json
import re

import numpy as np
import pytest
from markdown_it import MarkdownIt
from mlflow import MlflowClient

from butfor.plain_text import plain
from butfor.report.claim_section import claim_section
from butfor.verdicts import deviations, register

WORDS = [
    "a | b | c |\n| --- |",
    "<script>alert(1)</script>",
    "<!-- x",
    "[x](javascript:alert(1))",
    "![x](http://x/y.png)",
    "`code` and ``more",
    "```\nfence",
    "~~~",
    "# heading",
    "$\\input{/etc/passwd}$ \\textbf{x} 50 % & more",
    "**bold** _it_ &lt; &amp;",
    "<http://x.y>",
    "[x]: http://x.y",
    "\x1b[31mred\u202e\u2028",
    "\\",
    "ends in \\|",
]
RENDERED = MarkdownIt("commonmark").enable(["table", "strikethrough"])


def kinds(tokens):
    """The kinds of all tokens, those inside paragraphs too."""
    return {kind for token in tokens for kind in ({token.type} | kinds(token.children or []))}


def of_others(tokens):
    """The HTML that is none of the report's folds."""
    blocks = [token.content for token in tokens if token.type == "html_block"]
    return re.sub(r"</?details>|<summary>[^<]*</summary>", "", "".join(blocks)).strip()


def links(tokens):
    """Where links lead."""
    own = [token.attrs["href"] for token in tokens if token.type == "link_open"]
    return own + [link for token in tokens for link in links(token.children or [])]


def words_of(tokens):
    return "".join(token.content for token in tokens if token.type == "text") + "".join(
        words_of(token.children or []) for token in tokens
    )


@pytest.mark.parametrize("words", WORDS)
def test_markdown_takes_words_for_nothing_but_words(words):
    tokens = RENDERED.parse(f"Asked: {plain(words)} so.")
    assert kinds(tokens) <= {"paragraph_open", "inline", "text", "text_special", "paragraph_close"}
    shown = "".join(t.content for t in tokens[1].children)
    assert shown == f"Asked: {' '.join(''.join(c if c.isprintable() else ' ' for c in words).split())} so."


@pytest.mark.parametrize("words", WORDS)
def test_a_claims_sentence_stays_in_its_cell(words):
    row = {
        "claim": "c",
        "sentence": words,
        "arm": "a",
        "expect": "hurts",
        "margin": None,
        "rate": None,
        "metric": "test/accuracy",
    }
    row |= {"outcome": "undecided", "reason": "", "unit": "accuracy points", "effect": 1.0, "low": 0.0, "high": 2.0}
    row |= {"p": 0.5, "planned": 5, "missing": 0, "since": None, "standing": "exploratory", "runs": None}
    text = claim_section(
        {"verdict": {"metric": "test/accuracy"}, "looks": [{}]}, {"claims": [row, row], "deviations": []}
    )
    tokens = RENDERED.parse(text)
    found = [token.type for token in tokens]
    assert (found.count("tr_open"), found.count("td_open"), found.count("table_open")) == (6, 20, 2)
    assert not kinds(tokens) & {"html_inline", "link_open", "image", "fence"} and of_others(tokens) == ""


def test_a_claim_that_was_reworded_is_quoted_as_words():
    entries = [{"runs": 0, "fingerprint": "f", "tested": {}, "sentence": WORDS[1]}]
    entries += [{"runs": 2, "time": "2026-01-01", "fingerprint": "f", "tested": {}, "sentence": "x"}]
    (_, line) = deviations.deviations({**register.NEW, "claims": {"c": entries}})
    assert "html_inline" not in kinds(RENDERED.parse(f"- {line}"))


@pytest.mark.cases
def test_a_study_of_hostile_words_and_paths_runs_and_leaves_nothing_elsewhere(workflow_copy):
    copy = workflow_copy("words")
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 255, (300, 4, 4), np.uint8), np.arange(300) % 3
    file = "my 'data'; `touch PWNED` & [a](b)~!.npz"
    np.savez(copy.folder / file, x_train=x, y_train=y, x_test=x, y_test=y)
    results = "out/it's & ; `touch PWNED` `x` [a](b) ä"
    study = {"study": "con", "seeds": 2, "question": " ".join(WORDS), "results": results}
    study["data"] = {"name": "npz", "file": file}
    study["verdict"] = {"must_learn": False}
    study["recipe"] = {"model": {"name": "mlp", "widths": [4]}, "epochs": 1, "batch_size": 32, "loop": "graph"}
    study["ablations"] = {
        "nul": {"set": {"l2": 0.1}},
        "A-b.c_" + "0123456789_" * 5 + "ddd": {"set": {"dropout": 0.3}, "family": "f" * 64},
    }
    study["claims"] = {
        f"c{place}": {"sentence": words, "arm": "nul", "expect": "hurts"} for place, words in enumerate(WORDS)
    }
    copy.write(study)
    before = {path.name for path in copy.folder.iterdir()}
    done = copy.run()
    assert done.returncode == 0, done.stdout + done.stderr
    assert {path.name for path in copy.folder.iterdir()} - before == {"out", ".snakemake"}
    assert not list(copy.folder.parent.rglob("PWNED"))
    report = (copy.folder / results / "report.md").read_text()
    tokens = RENDERED.parse(report)
    assert "html_inline" not in kinds(tokens) and of_others(tokens) == ""
    assert {re.split("[/#]", link)[0] for link in links(tokens)} == {"runs", "mlflow.html"}
    page = (copy.folder / results / "mlflow.html").read_text()
    assert [words for words in WORDS if "<" in words and words in page] == []
    assert len(json.loads((copy.folder / results / "claims.json").read_text())["claims"]) == len(WORDS)
    client = MlflowClient(f"sqlite:///{copy.folder / results}/mlflow/mlflow.db")
    assert client.get_experiment_by_name("con") is not None
    assert copy.would_run() == {}

"""The report in every language: the same numbers and verdicts, no English sentence left, and the same summary for programs."""

import dataclasses
import json
import re
from collections import Counter

import pytest

from butfor.languages.phrases import ENGLISH, languages, phrase, speaking, stored
from butfor.records import record
from butfor.records.tables import records_in
from butfor.report import elsewhere_report, failed_job
from butfor.report import headline as headline_of
from butfor.report.comment import write_comment
from butfor.report.diff_text import diff_text
from butfor.report.elsewhere_report import Origin
from butfor.report.headline import headline
from butfor.report.partial_section import partial_section
from butfor.report.report import Sources, write_report
from butfor.report.summary_json import SUMMARY
from paper_studies import STUDIES, files_of

OTHERS = [name for name in languages() if name != ENGLISH]
NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
SENTENCE = re.compile(r"(?:(?<![\w.'])[A-Za-z][a-z'’]*[ ,;:]+){3}[A-Za-z][a-z'’]*")  # four English words in a row
NAMES = ("Klein, Wright and Wieczorek",)  # of authors
LINE = (
    "learning rate: 0.01, 0.00854, 3.85e-06 at the first, middle and last of 120 steps → 0.01 throughout; share of units dropped:"
    " 0.0967 → none. Same split, validation examples, batch order, initial weights, initial biases,"
    " learning rate, optimiser, penalties, first loss; runs differ in 1 of 6 pairs"
)
DEVIATIONS = [
    "2026-11-27, after 10 runs: the study's settings were changed: verdict.margin 0.3 → 0.5. Reason given: “Zu klein.”",
    "2026-11-27, after 12 runs: 1 arm was taken out: `old` (hurts).",
    "2026-11-27, after 12 runs: arm `other` was changed: l2 0.1 → 0.2; before that: never trained.",
    "1 ablation of which there were runs, and which the study does not ask for any more, still counts in the correction of"
    " verdicts.",
]
FEW_FAILED, MORE_FAILED = (
    "2 of 6 runs failed, too few to show a rate above 10 %",
    "2 of 6 runs failed, and 0 of the reference's",
)
UNFAVOURABLE = {"no_dropout": -2.0, "slow": "fails"}


def claim(arm, **told):
    empty = dict.fromkeys(("margin", "rate", "p", "effect", "low", "high", "since", "runs"))
    counts = {"pairs": 6, "planned": 6, "missing": 0, "failed_ablation": 0, "failed_reference": 0}
    about = {
        "claim": told.get("expect", "c").replace(" ", "_"),
        "sentence": "주장 한 줄.",
        "arm": arm,
        "reference": "baseline",
    }
    kinds = {"metric": "test/accuracy", "expect": "helps", "unit": "accuracy points", "decimals": 2, "fingerprint": ""}
    outcome = {"outcome": "supported", "reason": "", "standing": "declared before the data", "since": "2026-11-27"}
    return {**empty, **counts, **about, **kinds, **outcome, **told}


def claims_on(arm):
    said = {"outcome": "refuted", "reason": "the effect is smaller, or on the other side", "margin": 0.5, "effect": 0.1}
    return {
        "claims": [
            claim(arm, **said, low=-0.1, high=0.3, p=0.012),
            claim(arm, expect="fails", rate=0.1, reason=FEW_FAILED, outcome="undecided"),
            claim(arm, expect="fails more", reason=MORE_FAILED, standing="exploratory", runs=3),
            claim(arm, expect="same", reason="by at least the margin", data_sets="every", data="small_1"),
            claim(arm, expect="hurts", reason="least sure on other", data_sets="mean"),
        ],
        "removed": 2,
        "deviations": DEVIATIONS,
    }  # fmt: skip


def costs_of(study):
    def arm(place):
        latency = {"1": [0.5 + place, 0.9], "32": [2.0, 3.5]}
        return {
            "parameters": 1000 + place,
            "operations": 2000 * place,
            "latency": latency,
            "memory": 2.0**21,
            "joules": 3.0 + place,
        }

    arms = {each["name"]: {**arm(place), "energy_by": "RAPL"} for place, each in enumerate(study["arms"])}
    return {"arms": arms, "device": "CPU", "threads": 1}


def checks_of(study):
    outcomes = ("proven", "unproven", "unverified", "void")
    return [
        {
            "arm": arm["name"], "reference": arm["reference"], "acted": 5, "seeds": 6, "line": LINE, "note": "",
            "outcome": outcomes[place % 4], "problems": ["split differs, undeclared"],
            "reasons": ["effect: could not be checked, KeyError: 'gone'"],
        }
        for place, arm in enumerate(study["arms"])
    ]  # fmt: skip


def placebos_on(baseline):
    """One that shows something, one that may, one that shows nothing, and one of which nothing is known yet."""
    about = {
        "arm": "placebo",
        "reference": baseline,
        "pairs": 6,
        "remark": "",
        "unit": "accuracy points",
        "metric": "test/accuracy",
    }
    known = {
        "effect": 1.0,
        "low": 0.5,
        "high": 1.5,
        "shows": False,
        "verdict": "inconclusive",
        "decimals": 2,
        "margin": 0.5,
        "remark": "",
    }
    shown = [
        {"shows": True, "verdict": "helps"},
        {},
        {"verdict": "no meaningful difference"},
        {"effect": None, "low": None},
    ]
    return [{**about, **known, **each} for each in shown]


def tuned_on(study, folder):
    rows = [
        row
        for row in json.loads((folder / "contrasts.json").read_text())
        if row["metric"] == study["verdict"]["metric"]
    ]
    rates = {arm["name"]: {"rate": 0.1, "edge": place == 1, "seconds": 60.0} for place, arm in enumerate(study["arms"])}
    return {"rates": rates, "checks": [], "contrasts": rows[1:], "seconds": 90.0}


def decision_on(study):
    if len(study["looks"]) == 1:
        return []
    arms = [arm["name"] for arm in study["arms"]]
    return [
        {
            "look": "look1", "seen": study["looks"][0]["seen"], "settled": 1, "ablations": len(arms) - 1, "undecided": arms[1:],
            "following": study["looks"][1]["seen"], "next": arms, "runs": 2 * len(arms), "hours": 0.4, "stopped": "",
        }
    ]  # fmt: skip


def whole(made_up):
    """Such a record with what the report tells of a run beside its figures."""
    about = {"fingerprint": "f", "split": "s", "validation": 100, "inputs": [0.0, 1.0], "scaling": "pixels"}
    kept = {"parameters": 1234, "loop": "keras", "fingerprint": "r"}
    return dataclasses.replace(made_up, **kept, data={**about, **made_up.data})


def judged_elsewhere(study, folder, folders, made):
    """The report on the same runs as if a file of another program had them."""
    rows, comparison, claims = (json.loads(made[key].read_text()) for key in ("contrasts", "comparison", "claims"))
    notes = [
        "2 runs of seeds that full does not have are in no pair.",
        "Arms are compared as independent samples, because you asked for it.",
        "Arms are compared as independent samples, because these share fewer than 2 seeds with full: a, b.",
        "Without these in the file, the others are compared by seed, which tells smaller differences.",
    ]
    ignored = {"note": "no value in line 3, where the run has ended well"}
    origin = Origin(str(folder / "source.json"), "full", False, ignored, notes, {"a|b": "a¦b"})
    records = [dataclasses.replace(one, reason="no f1 in line 3" if one.reason else "") for one in records_in(folders)]
    with speaking(study["report"]["language"]):
        return elsewhere_report._report(study, records, origin, rows, comparison, claims)


@pytest.fixture(scope="module", params=[*STUDIES, "unfavourable"])
def reports(request, tmp_path_factory):
    """By language: the report, the comment, the terminal's last words and summary.json on one study."""
    name, folder = request.param, tmp_path_factory.mktemp("spoken")
    asked = STUDIES.get(name, STUDIES["metrics"])
    study, sources = files_of(folder, asked, *([UNFAVOURABLE] if name not in STUDIES else []))
    study["question"] = "¿Por qué?"
    for path in folder.glob("runs/*/*/seed_*.json"):
        record.write(path, whole(record.read(path)))
    arms = [arm["name"] for arm in study["arms"]]
    files = {"checks": checks_of(study), "claims": claims_on(arms[1]), "costs": costs_of(study)}
    files["source"] = {"source": "scikit-learn (its values of 0 to 16 are stored as 0 to 255)"}
    for key, content in files.items():
        (folder / f"{key}.json").write_text(json.dumps(content))
    comparison = json.loads((folder / "comparison.json").read_text())
    comparison |= {"placebo": placebos_on(arms[0]), "tuned": tuned_on(study, folder)}
    (folder / "comparison.json").write_text(json.dumps(comparison))
    study["tune"] = {"rates": [0.01, 0.1], "seeds": [100, 101]}
    decisions = [folder / f"decision{place}.json" for place, _ in enumerate(decision_on(study))]
    for path, content in zip(decisions, decision_on(study), strict=True):
        path.write_text(json.dumps(content))
    made = {key: folder / f"{key}.json" for key in ("checks", "contrasts", "comparison", "claims")}
    told = {}
    for language in languages():
        spoken = {**study, "report": {"language": language, "cost_columns": True}}
        which = Sources(
            sources.folders, **made, decisions=decisions, data=folder / "source.json", costs=[folder / "costs.json"]
        )
        write_report(spoken, which, folder / "report.md")
        write_comment("mine", folder, folder / "comment.md", language)
        with speaking(language):
            last_words = headline(folder, folder)
        texts = [(folder / file).read_text() for file in ("report.md", "comment.md")]
        told[language] = (*texts, last_words.replace(str(folder), "."), (folder / SUMMARY).read_bytes())
        told[language] += (judged_elsewhere(spoken, folder, sources.folders, made),)
    return told


@pytest.mark.parametrize("language", OTHERS)
def test_numbers_are_the_same_in_every_line(reports, language):
    for english, own in zip(texts_of(reports, ENGLISH), texts_of(reports, language), strict=True):
        lines, of_own = english.splitlines(), own.splitlines()
        assert len(lines) == len(of_own)
        for line, other in zip(lines, of_own, strict=True):
            assert Counter(numbers_in(line)) == Counter(numbers_in(other)), f"{line}\n{other}"


def texts_of(reports, language):
    """The report, the comment, the last words, and the report on runs made elsewhere."""
    return [text for text in reports[language] if isinstance(text, str)]


def numbers_in(line):
    """The numbers of a line that are not of a name or of a word such as `one`."""
    return NUMBER.findall(re.sub(r"`[^`]*`", "", line))


@pytest.mark.parametrize("language", OTHERS)
def test_verdicts_are_the_same(reports, language):
    english, own = (first_table(reports[which][0]) for which in (ENGLISH, language))
    verdicts = {row["verdict"] for row in json.loads(reports[ENGLISH][3])["ablations"]}
    assert len(english) == len(own) > len(verdicts) > 0
    for line, other in zip(english, own, strict=True):
        said = [verdict for verdict in verdicts if f"**{verdict}**" in line or f"| {verdict} |" in line]
        with speaking(language):
            assert all(f"**{stored(verdict)}**" in other or f"| {stored(verdict)} |" in other for verdict in said)
            others = [v for v in verdicts if v not in said and f"**{stored(v)}**" in other]
        assert not others


def first_table(text):
    """The lines of the first table's arms."""
    lines = next(part for part in text.split("\n\n") if "(runs/" in part).splitlines()
    return [line for line in lines if "(runs/" in line]


@pytest.mark.parametrize("language", OTHERS)
def test_no_english_sentence_is_left(reports, language):
    for text in texts_of(reports, language):
        prose = re.sub(r"```.*?```|`[^`\n]*`|\]\([^)]*\)", "", text, flags=re.DOTALL)
        for name in NAMES:
            prose = prose.replace(name, "")
        assert [line for line in prose.splitlines() if SENTENCE.search(line)] == []


def test_the_summary_for_programs_is_the_same_to_the_byte(reports):
    assert len({told[3] for told in reports.values()}) == 1


def test_the_report_is_in_its_language(reports):
    for language, (text, *_) in reports.items():
        with speaking(language):
            assert f"## {phrase('Verdicts')}" in text


def test_what_a_finished_study_has_not_is_in_its_language_too(tmp_path):
    note = {"arm": "a", "look": "look1", "seed": 3, "why": "ValueError: 아니", "log": str(tmp_path / "a.log")}
    sides = {"verdict": "helps", "remark": "by at least the margin", "pairs": 5, "effect": 1.0, "low": 0.5, "high": 1.5}
    pair = {"arm": "a", "changed": True, "overlap": None, "a": sides, "b": {**sides, "verdict": "inconclusive"}}
    same = {**pair, "changed": False, "overlap": False}
    differences = [
        "In one, the margin is ±0.5; in other, ±0.3 accuracy points.",
        "In one, there are 10 runs; in other, 12 runs.",
        "a is compared with b in one and with c in other.",
    ]
    diff = {
        "a": "one",
        "b": "other",
        "metric": "test/loss",
        "unit": "nats",
        "decimals": 2,
        "only_a": ["x"],
        "only_b": [],
    }
    diff |= {"both": [pair, same], "differences": differences}
    (tmp_path / "a.log").write_text("ValueError: 아니\n")

    def told():
        study = {"arms": [{"name": "a"}, {"name": "b"}]}
        yield partial_section(study, [], 4, [note])
        yield diff_text(diff)
        yield diff_text({**diff, "both": [same]})
        yield diff_text({**diff, "both": []})
        yield failed_job.description(tmp_path, "Draw every figure", [note["log"]])
        yield headline_of.stopped(tmp_path, "Ctrl-C")
        yield headline_of.unfinished(tmp_path)

    english = list(told())
    for language in OTHERS:
        with speaking(language):
            own = list(told())
        for one, other in zip(english, own, strict=True):
            assert Counter(numbers_in(one)) == Counter(numbers_in(other)) and one != other
            assert not SENTENCE.search(re.sub(r"`[^`]*`", "", other.replace(str(tmp_path), ""))), other

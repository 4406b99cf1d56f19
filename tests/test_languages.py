"""Every language has every text of the code, with the same places to fill, and none that the code does not have."""

import ast
import re
import string
import tomllib
from functools import cache
from pathlib import Path

import pytest
import yaml

from butfor.languages.folder_language import language_in, note_language
from butfor.languages.phrases import (
    ENGLISH,
    FOLDER,
    NEVER_STORED,
    language_of,
    languages,
    phrase,
    plural,
    speaking,
    stored,
    term,
)
from butfor.plain_text import counted

CODE = Path(__file__).parents[1] / "scripts" / "butfor"
RULES = CODE.parents[1] / "rules"
MOST_PIECES = 4  # of the code, that a text which a file holds is made of
SPOKEN = ("phrase", "plural", "template")
OTHERS = [name for name in languages() if name != ENGLISH]


@cache
def nodes_of_the_code():
    """By file, of those that say something."""
    sources = {path: path.read_text() for path in CODE.rglob("*.py")}
    says = re.compile(r"\b(?:phrase|plural|template|counted)\(")
    return {path: list(ast.walk(ast.parse(text))) for path, text in sources.items() if says.search(text)}


def literals(call):
    return [node.value for node in call.args if isinstance(node, ast.Constant) and isinstance(node.value, str)]


def texts_of_the_code():
    """The templates that the code gives to phrase and template (one) and plural (two: the second is asked for), or to counted as
    a noun."""
    wanted = {}
    for path, nodes in nodes_of_the_code().items():
        for node in nodes:
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and (texts := literals(node))):
                continue
            if node.func.id in SPOKEN:
                wanted[texts[-1]] = path
            if node.func.id == "counted":
                wanted[f"{{n}} {texts[-1]}s"] = path
    return wanted


def places(template):
    return {name for _, name, _, _ in string.Formatter().parse(template) if name is not None}


@pytest.mark.parametrize("language", OTHERS)
def test_no_text_is_missing(language):
    sections = tomllib.loads((FOLDER / f"{language}.toml").read_text())
    missing = set(texts_of_the_code()) - {english for section in sections.values() for english in section}
    assert sorted(missing) == []


@pytest.mark.parametrize("language", OTHERS)
def test_texts_have_the_same_places(language):
    sections = tomllib.loads((FOLDER / f"{language}.toml").read_text())
    pairs = {english: own for section in sections.values() for english, own in section.items()}
    assert {english for english, own in pairs.items() if places(own) != places(english)} == set()
    assert sum(map(len, sections.values())) == len(pairs), "a text stands in two sections"


def test_texts_are_filled_in_the_language_in_use():
    template = "The baseline's {metric} is {reached} (mean ± standard deviation over {over})."
    values = {"metric": "F1", "reached": "0.9", "over": "x"}
    english = phrase(template, **values)
    with speaking("ko"):
        korean = phrase(template, **values)
        assert korean != english and "0.9" in korean
        assert stored(english) == english, "it stands in no file"
        assert phrase("No catalogue has {this}.", this="it") == "No catalogue has it."
    assert stored("every run failed (5/5)") == "every run failed (5/5)" and english == phrase(template, **values)
    assert plural("{n} run", "{n} runs", 1) == counted(1, "run") == "1 run" and counted(2, "run") == "2 runs"
    with speaking("ko"):
        assert stored("by at least the margin; every run failed (5/5)") == "동등성 한계 이상; 모든 실행 실패(5/5)"
        assert stored("void: nothing changed on no verdict") == "no verdict에서 무효(변화 없음)", (
            "a name stays as it is"
        )
        rate = "learning rate: 0.01 throughout → 0.01, 3.85e-06 at the first, middle and last of 120 steps"
        assert stored(rate) == "학습률: 줄곧 0.01 → 120 스텝 중 처음, 가운데, 마지막에서 0.01, 3.85e-06"
        assert (
            term("test F1 (macro)") == "테스트 F1(매크로)" and stored("nobody has said this") == "nobody has said this"
        )
        assert counted(1, "run") == "실행 1회" and stored("2 runs") == counted(2, "run") == "실행 2회"


def test_a_study_can_ask_for_each_language_that_there_is():
    schema = yaml.safe_load((CODE.parents[1] / "config" / "schema.yaml").read_text())
    assert schema["properties"]["report"]["properties"]["language"]["enum"] == languages()
    assert language_of({"report": {"language": "ko"}}) == "ko" and language_of({}) == ENGLISH


def test_a_results_folder_knows_its_language(tmp_path):
    (tmp_path / "partial").mkdir()
    assert language_in(tmp_path / "partial") == ENGLISH
    note_language(tmp_path, "ko")
    assert language_in(tmp_path) == language_in(tmp_path / "partial") == "ko"


def test_texts_of_the_code_are_whole():
    """No phrase is given a text that is put together, which no catalogue can have."""
    pieces = (ast.JoinedStr, ast.BinOp, ast.IfExp)
    for path, nodes in nodes_of_the_code().items():
        calls = [node for node in nodes if isinstance(node, ast.Call) and node.args]
        spoken = [call for call in calls if isinstance(call.func, ast.Name) and call.func.id in SPOKEN]
        together = [call.lineno for call in spoken if isinstance(call.args[0], pieces) and path.stem != "plain_text"]
        assert together == [], path


@pytest.mark.parametrize("language", OTHERS)
def test_texts_that_files_hold_stand_in_the_code(language):
    """What is matched with stored texts is, but for its places, in few pieces some text of the code."""
    sources = [path.read_text() for path in (*CODE.rglob("*.py"), *RULES.glob("*.smk"))]
    corpus = "\0".join(re.sub(r'"\n\s*f?"', "", source) for source in sources)  # texts that go on in the next line
    sections = tomllib.loads((FOLDER / f"{language}.toml").read_text())
    held = [text for section, texts in sections.items() if section not in NEVER_STORED for text in texts]
    assert {text: pieces for text in held if (pieces := pieces_of(text, corpus)) > MOST_PIECES} == {}


def pieces_of(text, corpus):
    """In how many pieces a text's longest part between two places is in the corpus."""
    parts = re.split(r"(?<!\{)\{\w+\}|\((?:macro|micro|weighted)\)", text)
    return max(
        _pieces(part.replace("{{", "{").replace("}}", "}").strip(" ,;:.()").split(" "), corpus) for part in parts
    )


def _pieces(words, corpus):
    if not any(words):
        return 0
    longest = 0 if " ".join(words) not in corpus else len(words)
    while longest < len(words) and " ".join(words[: longest + 1]) in corpus:
        longest += 1
    return 1 + _pieces(words[longest:], corpus) if longest else MOST_PIECES + 1


def test_no_korean_particle_depends_on_what_is_filled_in():
    """Which of 은/는, 이/가, 을/를, 과/와, 으로/로 is right depends on the sound before it, which is not known of a place."""
    texts = [own for texts in tomllib.loads((FOLDER / "ko.toml").read_text()).values() for own in texts.values()]
    depends = re.compile(r"\}[`*”’\]]*(?:은|는|이|가|을|를|과|와|으로|로|이나|이다|였다|이었다)(?![가-힣])")
    assert [text for text in texts if depends.search(text.replace("}}", ""))] == []

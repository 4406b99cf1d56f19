"""Texts in the language in use: English as it stands in the code, another from its catalogue, `<language>.toml` beside this
file. Standard library only.

Every English text that a reader sees is a template that goes through `phrase` or `plural` whole, as a sentence and not in pieces,
so that another language may turn it round. tests/test_languages.py holds each catalogue against the code.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import Any

ENGLISH = "en"
FOLDER = Path(__file__).parent
NEVER_STORED = (
    "report",
    "figures",
    "pages",
    "terminal",
    "command",
    "outlook",
)  # sections of what is filled in where it is shown
NAMES = ("arm", "reference", "data_set", "data_sets", "claim", "sentence", "why", "a", "b", "key", "name", "other")
TERMS = "metrics"  # the section of metrics and units
OF_A_FIGURE = " of a figure"  # after a unit that has a word of its own there
BETWEEN, LISTED = "; ", ", "  # remarks in a row, and words in a list
COUNTED = r"\{n\} [a-z ]+s"
NUMBER = r"[-+−±]?[\d.,]+(?:e[-+]?\d+)?"
NUMBERS = rf"{NUMBER}(?:, {NUMBER})*"

_in_use: ContextVar[str] = ContextVar("language", default=ENGLISH)


def languages() -> list[str]:
    """The languages that there are, English first."""
    return [ENGLISH, *sorted(path.stem for path in FOLDER.glob("*.toml"))]


def language_of(study: Mapping[str, Any]) -> str:
    """The language that a study, or its settings, asks for its report in: `report: {language: …}`."""
    return str((study.get("report") or {}).get("language", ENGLISH))


def language() -> str:
    """The language in use."""
    return _in_use.get()


@contextmanager
def speaking(name: str) -> Iterator[None]:
    """Use a language within the block."""
    before = _in_use.set(name)
    try:
        yield
    finally:
        _in_use.reset(before)


def phrase(template: str, /, **values: object) -> str:
    """A template in the language in use, filled in. A template that its catalogue does not have stays English."""
    return _translated(template).format(**values)


def plural(one: str, many: str, n: int, /, **values: object) -> str:
    """The template for a number of things, filled in; `{n}` is the number. Catalogues are asked for the plural in languages that
    do not tell them apart, and for both otherwise."""
    template = one if n == 1 else many
    known = _texts(language())
    return known.get(template, known.get(many, template)).format(n=n, **values)


def template(english: str) -> str:
    """A template that a table holds, as it is: it goes through `phrase` where it is shown."""
    return english


def stored(words: str) -> str:
    """A text of a file that holds it in English, such as a verdict, a remark or the reason why a run failed, in the language in
    use: it is matched with the catalogue's texts, and with the templates of all sections but NEVER_STORED. What matches none
    stays as it is; of remarks in a row, each is matched by itself."""
    return words if language() == ENGLISH else _matched(words, _patterns(language()))


def term(words: str) -> str:
    """A metric's title, a unit or a margin, which the code has in English, in the language in use: as `stored`, with the
    templates of the section TERMS alone."""
    return words if language() == ENGLISH else _matched(words, _patterns(language(), TERMS))


def level_term(unit: str) -> str:
    """The unit of a figure itself in the language in use, which may have another word for it than for differences: of points it
    says percent."""
    return _texts(language()).get(unit + OF_A_FIGURE, term(unit))


def _matched(words: str, patterns: list[tuple[re.Pattern[str], str]]) -> str:
    known = _texts(language())
    if words in known:
        return known[words].format()
    for pattern, english in patterns:
        if (match := pattern.fullmatch(words)) is not None:
            places = match.groupdict().items()
            filled = {name: value if name in NAMES else _matched(value, patterns) for name, value in places}
            return known[english].format(**filled)
    if BETWEEN in words:
        return BETWEEN.join(_matched(part, patterns) for part in words.split(BETWEEN))
    listed = {part: _matched(part, patterns) for part in words.split(LISTED)} if LISTED in words else {}
    if listed and all(part != own for part, own in listed.items()):
        return LISTED.join(listed[part] for part in words.split(LISTED))
    return words


def texts_mark(name: str) -> str:
    """A mark of a language's texts, by which what was written in it is written anew where they have changed. English has none:
    its texts are code."""
    return "" if name == ENGLISH else hashlib.sha256((FOLDER / f"{name}.toml").read_bytes()).hexdigest()[:16]


def letters_in(name: str) -> set[str]:
    """Every letter of a language's texts; those of English are everywhere."""
    return set("".join(_texts(name).values()))


def _translated(template: str) -> str:
    return _texts(language()).get(template, template)


@cache
def _texts(name: str) -> Mapping[str, str]:
    """A language's texts by the English ones; of all sections of its file."""
    return {english: own for texts in _sections(name).values() for english, own in texts.items()}


@cache
def _sections(name: str) -> dict[str, dict[str, str]]:
    return {} if name == ENGLISH else tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))


@cache
def _patterns(name: str, section: str = "") -> list[tuple[re.Pattern[str], str]]:
    """The templates with places to fill as patterns, those with the most fixed letters first; of one section, or of all in which
    they make what files hold."""
    sections = [section] if section else [each for each in _sections(name) if each not in NEVER_STORED]
    filled = [template for each in sections for template in _sections(name)[each] if "{" in template]
    fixed = {template: re.sub(r"\{[^{}]*\}", "", template) for template in filled}
    return [
        (re.compile(_pattern(template), re.DOTALL), template)
        for template in sorted(filled, key=lambda template: -len(fixed[template]))
    ]


def _pattern(template: str) -> str:
    """A place whose name begins with `n` and an underscore, or is `n`, takes a number, `numbers` some
    in a row, any other whatever there is. The plural of
    a counted noun, such as `{n} runs`, takes `1 run` too."""
    pieces, seen = [], set[str]()
    for piece in re.split(r"(?<!\{)(\{\w+\})", template):
        name = re.fullmatch(r"\{(\w+)\}", piece)
        if name is None:
            pieces.append(re.escape(piece.replace("{{", "{").replace("}}", "}")))
        else:
            kind = NUMBER if re.fullmatch(r"n(_\w+)?", name[1]) else NUMBERS if name[1] == "numbers" else ".+?"
            pieces.append(f"(?P={name[1]})" if name[1] in seen else f"(?P<{name[1]}>{kind})")
            seen.add(name[1])
    return "".join(pieces) + ("?" if re.fullmatch(COUNTED, template) else "")

"""A page's own words are in the language of the report, and nothing else of it changes with the language."""

import re

import pytest

from butfor.languages.phrases import ENGLISH, languages
from butfor.pages.page import page
from butfor.pages.page_texts import page_texts

OTHERS = [name for name in languages() if name != ENGLISH]
REPORT = "# mine\n\n## One\n\n![a](figures/lost.png)\n\n| a | b |\n| --- | --- |\n| x | 1 |\n| y | 2 |\n"
WORDS = [*page_texts().values(), "The file", "is not there", "Table: "]


def said(text):
    """What a page says to those who see it and to those who hear it, without its style and its script."""
    body = re.sub(r"<(style|script)>.*?</\1>", "", text, flags=re.DOTALL)
    return re.sub(r"<[^>]*>", " ", body) + " ".join(re.findall(r'(?:aria-label|data-\w+)="([^"]*)"', body))


def test_a_page_has_all_of_them_in_english(tmp_path):
    text = said(page(REPORT, tmp_path))
    assert [words for words in WORDS if words not in text] == []


@pytest.mark.parametrize("language", OTHERS)
def test_a_page_has_none_of_them_in_english_in_another_language(language, tmp_path):
    text = page(REPORT, tmp_path, language)
    assert f'<html lang="{language}">' in text
    assert [words for words in WORDS if re.search(rf"\b{words.strip()}", said(text))] == []
    english = page(REPORT, tmp_path)
    for part in ("style", "script"):
        assert re.findall(rf"<{part}>.*?</{part}>", text, re.DOTALL) == re.findall(
            rf"<{part}>.*?</{part}>", english, re.DOTALL
        )
    assert re.findall(r"<(\w+)", text) == re.findall(r"<(\w+)", english)

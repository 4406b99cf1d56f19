"""The report's page: the markdown's words and numbers, in one file that asks no network for anything."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from matplotlib.figure import Figure

from butfor.figures import hover_titles, style
from butfor.pages import inline_figures
from butfor.pages.allowed_html import only_allowed
from butfor.pages.drawing import SharedShapes, drawn, read_drawing
from butfor.pages.figure_colours import FigureColours, on_dark
from butfor.pages.page import page, write_page
from butfor.pages.sort_keys import sort_keys

MARKDOWN = """# digits

Which parts of the recipe matter? 3 ablations, 5 seeds each, 20 runs: 88.08 ± 0.10 % & more.

> **Void.** `no_stop`: nothing changed.

## Verdicts

![Effects on test accuracy](figures/effects.png)

*Every ablation against its reference; 5 seeds.*

| ablation | effect | interval | p | of runs | in words |
| --- | ---: | :---: | ---: | ---: | --- |
| `no_decay` | −0.54 | [−0.74, −0.34] | < 0.001 | 50 % | what is to be said of this ablation takes a whole sentence |
| `no_dropout` | +0.41 | [+0.25, +0.57] | 0.002 | 100 % | b |
| `zeros` | – | – | – | 0 % | a |

<details>
<summary>Every number &amp; more</summary>

### Inside

| arm | accuracy, % |
| --- | ---: |
| `a` | 87.55 ± 0.19 |
| `b` | 9.1 ± 0.2 |

![Effects again](figures/effects.png)

</details>

## Verdicts

[all runs](tables/runs.csv), [the runs in MLflow](http://127.0.0.1:5000/#/experiments/1), ![far](https://example.org/x.png)

<script>alert(1)</script> and <img src=x onerror=alert(1)> 2 < 3

```json
{"l2": 1e-05}
```
"""
VOID = {"meta", "link", "br", "wbr", "img", "hr", "path", "use", "input"}


class Page(HTMLParser):
    """A page's parts: every tag with its attributes, and the words of its report."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.words, self._open = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self._open.pop() == tag

    def handle_data(self, words):
        if "main" in self._open and "svg" not in self._open:
            self.words.append(words)

    def of(self, name):
        return [attributes for tag, attributes in self.tags if tag == name]


def drawn_figure(folder):
    """Draw one figure into a results folder: two seeds, one value that is not finite, and a mean."""
    style.apply()
    figure = Figure(figsize=(4, 2))
    axes = figure.subplots()
    (dots,) = axes.plot([0.3, float("nan"), 0.5], [0, 0, 0], "o", color=style.BLUE)
    hover_titles.name(dots, [hover_titles.of_seed("no_dropout", seed, 0.1 * seed, "points") for seed in (3, 5)])
    (mean,) = axes.plot([0.4], [0], "D")
    hover_titles.name(mean, ["no_dropout: +0.40 points, helps"])
    (folder / "figures").mkdir()
    figure.savefig(folder / "figures" / "effects.png")
    hover_titles.save_svg(figure, folder / "figures" / "effects.svg")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("results")
    drawn_figure(folder)
    (folder / "report.md").write_text(MARKDOWN)
    return folder


@pytest.fixture(scope="module")
def made(folder):
    write_page(folder / "report.md", folder / "report.html")
    return (folder / "report.html").read_text()


def numbers(words):
    return re.findall(r"[+−-]?\d+(?:\.\d+)?(?:e-?\d+)?", words)


def numbers_of_markdown(markdown):
    """In the order of the text; a picture's words are no text of the page."""
    found = []
    for token in MarkdownIt("commonmark").enable("table").parse(markdown):
        leaves = token.children or [token]
        found += [
            leaf.content
            for leaf in leaves
            if leaf.type in ("text", "code_inline", "fence", "html_block", "html_inline")
        ]
    return numbers(" ".join(found))


def test_the_page_has_the_markdown_s_numbers_and_no_others(made):
    shown = numbers(" ".join(Page(made).words))
    assert len(shown) > 20 and shown == numbers_of_markdown(MARKDOWN)
    changed = page(MARKDOWN.replace("0.41", "0.42"), Path("nowhere"))
    assert numbers(" ".join(Page(changed).words)) != shown, "another number would be seen"


def loaded(text):
    """Everything that a browser would load for a page."""
    whole = Page(text)
    places = [
        tag.get(key) for _, tag in whole.tags for key in ("src", "srcset", "data", "poster", "action", "background")
    ]
    places += [tag.get("href") for name, tag in whole.tags if name not in ("a",)]
    places += re.findall(r"url\(([^)]*)\)|@import ([^;]*);", text)
    return ["".join(place) for place in places if place]


def test_the_page_loads_nothing(made):
    places = loaded(made)
    assert len(places) > 3 and [place for place in places if not place.startswith(("data:", "#"))] == []
    assert loaded("<img src='https://x/y.png'><style>@import url(z.css);</style>") != [], "it would be seen"
    (policy,) = [tag["content"] for tag in Page(made).of("meta") if "http-equiv" in tag]
    assert policy.startswith("default-src 'none'") and "script-src 'sha256-" in policy


def test_links_lead_to_files_and_places(made):
    links = [tag["href"] for tag in Page(made).of("a")]
    ids = [tag["id"] for _, tag in Page(made).tags if "id" in tag]
    assert "tables/runs.csv" in links and "https://example.org/x.png" in links
    assert len(ids) == len(set(ids)) and {link[1:] for link in links if link.startswith("#")} <= set(ids)
    assert {tag["href"][1:] for tag in Page(made).of("use")} <= set(ids)
    assert {"verdicts", "verdicts-2", "every-number-more", "inside"} <= set(ids)


def test_html_of_a_user_s_is_shown_and_does_nothing(made):
    tags = Page(made).tags
    assert (
        not [tag for _, tag in tags if any(key.startswith("on") for key in tag)] and len(Page(made).of("script")) == 1
    )
    assert "<script>alert(1)</script>" in "".join(Page(made).words)
    assert only_allowed("a<!-- no -->b<details open><b onclick='x'>") == "ab<details open>&lt;b onclick='x'&gt;"
    assert (
        "<script"
        not in page("<details><summary><script>x</script></summary>\n\n[a](javascript:x)\n", Path())
        .split("<main")[1]
        .split("</main")[0]
    )


def test_figures_say_arm_seed_and_value(folder, made):
    assert made.count('<svg viewBox="0 0 288 144"') == 2 and "<title>no_dropout, seed 5: 0.5 points</title>" in made
    (label, _) = [tag["aria-label"] for tag in Page(made).of("svg") if tag.get("role") == "img"]
    assert label == "Effects on test accuracy. no_dropout: +0.40 points, helps"
    assert "<figcaption>Every ablation against its reference; 5 seeds.</figcaption>" in made
    wrong = hover_titles.titled((folder / "figures" / "effects.svg").read_text())
    assert "title:" not in wrong


def test_a_figure_s_name_may_be_of_any_letters(folder, tmp_path):
    for kind in ("png", "svg"):
        made = tmp_path / "figures" / f"curves_정규화 (a)@b.{kind}"
        made.parent.mkdir(exist_ok=True)
        made.write_bytes((folder / "figures" / f"effects.{kind}").read_bytes())
    text = page("# 연구\n\n## 정규화\n\n![학습 곡선](<figures/curves_정규화 (a)@b.png>)\n", tmp_path)
    assert text.count("<svg viewBox") == 1 and 'id="정규화"' in text and 'aria-label="학습 곡선. ' in text
    assert not re.search("is not there|Not in this page", text.split("<script>")[0])


def test_a_title_is_no_other_point_s():
    figure = Figure()
    (dots,) = figure.subplots().plot([1, 2, float("nan")], [1, 2, 3], "o")
    hover_titles.name(dots, ["a", "b", "c"])
    target = Path("unused")
    drawn = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hover_titles, "write_atomically", lambda path, text: drawn.append(text))
        hover_titles.save_svg(figure, target)
    assert "<title>" not in drawn[0].split("</metadata>")[1]


@pytest.mark.parametrize("limit", ["one", "drawings", "all"])
def test_a_page_stays_small(folder, monkeypatch, limit):
    many = "".join(f"\n![effects {n}](figures/effects.png)\n" for n in range(3))
    drawing = folder / "figures" / "effects.svg"
    drawn = drawing.read_text()
    drawing.write_text(drawn + 100_000 * " ")
    if limit == "one":
        monkeypatch.setattr(inline_figures, "MOST_OF_ONE", 100)
    png = (folder / "figures" / "effects.png").stat().st_size * 4 // 3
    monkeypatch.setattr("butfor.pages.page.MOST_BYTES", {"one": 10**6, "drawings": 3 * png + 1000, "all": 10}[limit])
    text = page(f"# a\n{many}\n![lost](figures/lost.png)\n", folder)
    assert text.count("<svg viewBox") == 0
    assert text.count('src="data:image/png') == (0 if limit == "all" else 3)
    assert text.count('href="figures/effects.png"') == (6 if limit == "all" else 0)
    assert "figures/lost.png is not there" in text
    drawing.write_text(drawn)


@pytest.mark.parametrize(
    ("cells", "order"),
    [
        (["−0.54", "+0.41", "–", "−25.25", "0.00"], "−25.25 −0.54 0.00 +0.41 –"),
        (["0.001", "< 0.001", "1.000", "0.0005"], "0.0005 < 0.001 0.001 1.000"),
        (["10 %", "9 %", "100 %", "<1 %"], "<1 % 9 % 10 % 100 %"),
        (["87.55 ± 0.19", "9.1 ± 0.2", "88.51 ± 0.12"], "9.1 ± 0.2 87.55 ± 0.19 88.51 ± 0.12"),
        (["[−0.74, −0.34]", "[+0.25, +0.57]", "–"], "[−0.74, −0.34] [+0.25, +0.57] –"),
        (["10 : 0 (p < 0.001)", "2 : 1", "0 : 0"], "0 : 0 2 : 1 10 : 0 (p < 0.001)"),
        (["1e-05", "0.001", "2.5e3", "1 200"], "1e-05 0.001 1 200 2.5e3"),
        (["arm_10", "arm_9", "–"], "arm_10 arm_9 –"),
        (["10x_larger", "9", "b"], "10x_larger 9 b"),
    ],
)
def test_numbers_are_sorted_as_numbers_and_nothing_stays_last(cells, order):
    keys = sort_keys(cells)
    is_number = all(re.fullmatch(r"(-?[\d.]+(e[+-]?\d+)?)?", key) for key in keys)
    ranked = sorted(
        zip(keys, cells, strict=True), key=lambda pair: (pair[0] == "", float(pair[0] or 0) if is_number else pair[0])
    )
    assert " ".join(cell for _, cell in ranked) == order


def contrast(one, other):
    def luminance(colour):
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("colour", [*style.PALETTE, "#000000", "#262626", "#999999"])
def test_what_is_drawn_is_seen_on_dark_ground(colour):
    assert contrast(on_dark(colour), on_dark("#ffffff")) >= 3


def test_shapes_that_drawings_share_keep_their_names_at_their_own_tags(tmp_path):
    clip = '<clipPath id="a1"><rect x="1" y="2" width="3" height="4"/></clipPath><path id="m2" d="M 0 0"/>'
    svg = f'<svg xmlns="http://www.w3.org/2000/svg"><defs>{clip}</defs><g clip-path="url(#a1)"><path d="M 1 1"/></g></svg>'
    (tmp_path / "a.svg").write_text(svg)
    shapes = SharedShapes()
    drawing = drawn(read_drawing(tmp_path / "a.svg", FigureColours(), shapes), "a")
    assert 'clip-path="url(#s0)"' in drawing
    assert '<clipPath id="s0"><rect x="1"' in shapes.html and '<path id="s1" d="M 0 0"' in shapes.html

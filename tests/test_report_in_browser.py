"""The report's page as it is read: in Debian's browser with the network off, on a desk and on a phone, light and dark."""

import importlib.util
import os
from pathlib import Path

import pytest

import browser_pages as pages
from butfor.pages.page import write_page
from conftest import need
from test_report_page import MARKDOWN, drawn_figure

pytestmark = pytest.mark.services
DESK, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
WIDE = "| arm | " + " | ".join(f"column {n}" for n in range(20)) + " |\n|" + " --- |" * 21 + "\n| a |" + " 1.0 |" * 20

LAPTOP = {"width": 1200, "height": 900}
HEADS = (
    "change",
    "what it sets",
    "verdict",
    "effect on RMSE, units",
    "95 % interval",
    "RMSE, units of the target",
    "seeds",
)
PATIENCE = r"early\_stopping: none → patience(min\_delta=0.0, monitor=loss, patience=2)"
ROWS = [
    (*HEADS, "parameters", "s per run"),
    (*["---"] * 3, "---:", ":---:", *["---:"] * 4),
    ("[`no_regularisation_at_all`](a)", "dropout: 0.1 → 0.0; l2: 0.0001 → 0.0", "**inconclusive**", "−0.5", "[−2.3, +1.3]",
     "61 ± 13", "4", "12 345", "0.0123"),
    ("[`early_stopping_patience_2`](b)", PATIENCE, "**no meaningful difference**", "−0.04", "[−0.12, +0.03]", "62.45 ± 0.11",
     "4", "12 345", "0.0123"),
]  # fmt: skip
VERDICTS = "# houses\n\n## Verdicts\n\n" + "\n".join(f"| {' | '.join(row)} |" for row in ROWS) + "\n"


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """A report with a wide table and sections that need a scroll."""
    need(pages.CHROMIUM.exists(), f"Debian's chromium as {pages.CHROMIUM}")
    need(importlib.util.find_spec("playwright"), "Playwright (requirements-ci.lock)")
    folder = tmp_path_factory.mktemp("results")
    drawn_figure(folder)
    more = "".join(f"\n## Section {n}\n\n" + "Words of it.\n\n" * 30 for n in range(3))
    (folder / "report.md").write_text(f"{MARKDOWN}\n\n{WIDE}\n{more}")
    write_page(folder / "report.md", folder / "report.html")
    return folder / "report.html"


@pytest.fixture(scope="module")
def chromium(report):
    with pages.chromium() as browser:
        yield browser


@pytest.fixture(
    params=[
        "desk light",
        "phone dark",
        *(pytest.param(name, marks=pytest.mark.long) for name in ("desk dark", "phone light")),
    ]
)
def page(report, chromium, request, tmp_path):
    """The page as first seen; whatever it says to the console or asks of a network fails the test."""
    size, scheme = request.param.split()
    context = chromium.new_context(
        viewport={"desk": DESK, "phone": PHONE}[size], color_scheme=scheme, has_touch=size == "phone", offline=True
    )
    page, wrong = context.new_page(), []
    page.on("console", lambda message: wrong.append(message.text))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("request", lambda asked: asked.url.startswith(("file:", "data:")) or wrong.append(asked.url))
    page.goto(f"file://{report}")
    yield page
    folder = Path(os.environ.get("BUTFOR_SCREENSHOTS", tmp_path))
    folder.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=folder / f"{request.node.name}.png")
    context.close()
    assert wrong == []


def ground(page):
    return page.evaluate("getComputedStyle(document.body).backgroundColor")


def column(page, place=2):
    return page.locator(f".table >> nth=0 >> tbody td:nth-child({place})").all_inner_texts()


def test_it_fits_its_window_and_comes_in_the_system_s_colours(page, request):
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") == 0
    is_dark = "dark" in request.node.name
    assert ground(page) == ("rgb(27, 27, 27)" if is_dark else "rgb(255, 255, 255)")
    page.get_by_role("button", name="Switch between light and dark").click()
    assert ground(page) == ("rgb(255, 255, 255)" if is_dark else "rgb(27, 27, 27)")
    for _ in range(20):  # the browser stores what a page remembers in its own time, after the click
        page.reload()
        if ground(page) == ("rgb(255, 255, 255)" if is_dark else "rgb(27, 27, 27)"):
            return
    pytest.fail("the choice is forgotten")


def test_a_click_sorts_by_number_and_another_turns_it_round(page):
    head = page.get_by_role("button", name="effect", exact=True)
    assert column(page) == ["−0.54", "+0.41", "–"]
    head.click()
    assert column(page) == ["+0.41", "−0.54", "–"] and page.locator("[aria-sort=descending]").count() == 1
    head.click()
    assert column(page) == ["−0.54", "+0.41", "–"] and page.locator("[aria-sort=ascending]").count() == 1
    page.get_by_role("button", name="in words").first.click()
    assert column(page, 6)[:2] == ["a", "b"]


def test_the_keyboard_skips_to_the_report_and_sorts_its_table(page):
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "report"
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('button.sort')"):
            break
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid", "where one is, is seen"
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert column(page)[0] == "+0.41"


def test_a_point_says_arm_and_seed(page):
    point = page.locator(".titled use").first
    assert (
        page.locator(".titled title").first.evaluate("title => title.textContent") == "no_dropout, seed 3: 0.3 points"
    )
    point.scroll_into_view_if_needed()
    point.hover()
    assert page.locator("#tip").inner_text() == "no_dropout, seed 3: 0.3 points"
    page.mouse.move(0, 0)
    assert page.locator("#tip").is_hidden() and page.locator(".titled use > title").count() == 4


def test_contents_lead_into_folds_and_mark_where_one_is(page, request):
    contents = page.get_by_role("navigation", name="Contents")
    if "phone" in request.node.name:
        contents.get_by_text("Contents").click()
    contents.get_by_role("link", name="Inside").click()
    assert page.get_by_role("heading", name="Inside").is_visible()
    page.evaluate("location.hash = '#section-1'")
    page.wait_for_function("document.querySelector('nav [aria-current]')?.textContent === 'Section 1'")


def test_on_paper_all_is_open_and_light(page):
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.evaluate("[...document.querySelectorAll('main details')].every(fold => fold.open)")
    assert page.locator("nav").is_hidden() and page.locator("header").is_hidden()
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "light"


def test_a_table_of_verdicts_with_long_names_fits_a_small_desk(chromium, tmp_path):
    (tmp_path / "report.md").write_text(VERDICTS)
    write_page(tmp_path / "report.md", tmp_path / "report.html")
    page = chromium.new_context(viewport=DESK, offline=True).new_page()
    page.goto(f"file://{tmp_path / 'report.html'}")
    fits = """() => {
        const frame = document.querySelector('.table');
        const [last, whole] = [frame.querySelector('th:last-child'), frame].map(part => part.getBoundingClientRect());
        return frame.scrollWidth === frame.clientWidth && last.right <= whole.right && whole.right <= innerWidth;
    }"""
    for size in (DESK, LAPTOP, DESK):
        page.set_viewport_size(size)
        page.wait_for_function(fits, timeout=5000)
    assert page.locator("td code >> nth=0").inner_text() == "no_regularisation_at_all", "a name is copied as it is"
    page.context.close()

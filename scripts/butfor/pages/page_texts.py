"""The page's own words in the language in use; all others are the report's."""

from __future__ import annotations

from butfor.languages.phrases import phrase


def page_texts() -> dict[str, str]:
    """What the template says, by its names."""
    return {
        "contents": phrase("Contents"),
        "skip": phrase("Skip to the report"),
        "to_dark": phrase("Dark"),
        "to_light": phrase("Light"),
        "theme": phrase("Switch between light and dark"),
        "open_all": phrase("Open all"),
        "close_all": phrase("Close all"),
    }

"""The page's own words, by language; all others are the report's."""

TEXTS = {
    "en": {
        "contents": "Contents",
        "skip": "Skip to the report",
        "to_dark": "Dark",
        "to_light": "Light",
        "theme": "Switch between light and dark",
        "open_all": "Open all",
        "close_all": "Close all",
        "table": "Table: {title}",
        "sort": "Sort by this column",
        "as_picture": "Shown as a picture: as a drawing it would be too large for this page.",
        "as_link": "Not in this page, which would be too large with it: see {link}.",
        "lost": "The file {link} is not there.",
    }
}

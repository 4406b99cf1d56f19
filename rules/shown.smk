# The language that readers are spoken to, and what `snakemake --report` shows of the figures.
from butfor.languages import phrases

language = phrases.language_of(study)
texts = phrases.texts_mark(language)
drawn = analysis | {"report": {"language": language}}


# A figure, under its title, among those of its family.
def shown(path, picture):
    family = picture.family or "all ablations"
    flags = {"caption": "captions/figures.rst", "category": "Figures"}
    return report(path, subcategory=family, labels={"figure": picture.title}, **flags)


# The files of the figures, of which that report shows the drawings.
def drawings(folder):
    of = {picture.name: picture for picture in targets.pictures}
    return [
        shown(path, of[Path(path).stem]) if path.endswith(".svg") else path
        for path in targets.drawn(folder)
    ]

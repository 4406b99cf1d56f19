"""butfor: but for this part of the recipe, would the model be as good?

In reading order: `config`, `schema`, `compatible`, `ablations` and `plan` (what is asked); `fetch`, `data` and `streams`
(on what); `parts`, `models`, `optimisers`, `schedules`, `epoch`, `early_stopping`, `diagnostics` and `training` (what is
trained); `record` (what a run leaves); `footprints` and `checks` (whether it changed what it says); `stats` and
`contrasts` (what it means); `tracking`, `gallery`, `figures` and `report` (what is shown).
"""

"""butfor: but for this part of the recipe, would the model be as good?

In reading order: `config` and `plan` (what is asked), `fetch` and `data`, `streams`, `models`, `schedules`, `epoch`,
`early_stopping`, `diagnostics` and `training` (what is trained), `record` (what a run leaves), `stats` and
`contrasts` (what it means), `tracking`, `figures` and `report` (what is shown).
"""

"""butfor: but for this part of the recipe, would the model be as good?

In reading order:

what is asked: `config`, `plain_values`, `duplicate_keys`, `schema`, `explain`, `durations`, `compatible`, `anatomy`,
`own_code`, `arm`, `ablations`, `plan`, `claims`; on what: `catalogue`, `fetch`, `published`, `data`, `streams`; what is
trained: `initialisers`, `chance_layers`, `parts`, `models`, `building`, `build_job`, `schedules`, `plateau`, `optimisers`,
`losses`, `epoch`, `early_stopping`, `course`, `diagnostics`, `clock`, `machine_load`, `progress`, `checkpoint`,
`training`, `lean_keras`, `model_choice`, `model_file`, `time_limit`, `failure_note`, `arm_job`, `rate_choice`,
`rate_search`; what a run leaves: `provenance`, `checksum`, `record`, `receipt`, `frames`; whether it changed what it
says: `expected_weights`, `footprints`, `checks`; what it means: `stats`, `contrasts`, `going_on`, `grids`, `factors`,
`tuned_comparison`, `verdict_words`; what was claimed: `register`, `outcomes`; what is shown: `markdown`, `gallery`,
`figures`, `verdict_table`, `claim_table`, `importance_section`, `report`, `colophon`, `headline`, `network_folders`,
`tracking_target`, `live_tracking`, `tracking`, `ui`; what a killed start leaves: `start`, `orphan`; on a cluster:
`cluster`. Every stage uses `errors` and `job_log`.
"""

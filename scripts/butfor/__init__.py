"""butfor: but for this part of the recipe, would the model be as good?

A wing for each stage, in the order in which a study goes through them; each stands on those before it.

    study/ recipe/ user_code/ data/    what is asked, what it means, what a user brings, what is trained on
    engine/ jax_engine/                the one place with TensorFlow, and the one with JAX
    training/ process/                 an arm's seeds to records, what surrounds a job
    records/ checks/                   what a run leaves, and proof that it changed what it says
    stats/ verdicts/                   arrays to verdicts, records to verdicts
    figures/ report/ pages/ tracking/  what is shown, in pictures, in words, as a page and in MLflow
    paper/                             what goes into a paper, in LaTeX
    cluster/ workflow/                 schedulers, and what the Snakefile asks
    outlook/ terminal/                 what a study will take and can show, before it trains, and how far it is while it does

Beside them stands what every wing may use: `errors`, `explanation` with `remedies` and `spoken_units`, `fingerprint`,
`plain_text`. For code of one's own there are `butfor.stats`, `butfor.frames` and `butfor.parts`.
"""

"""The console command `butfor`: a file per subcommand, each thin over the library and over `snakemake`.

`program` names them all; only the one that is called is imported, so that `--help` and completion answer at once.
"""

"""The command line: one module for each subcommand, loaded when it is chosen."""

__version__ = "0.1.0"

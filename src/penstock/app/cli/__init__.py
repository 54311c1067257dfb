"""The `penstock` command. Data goes to stdout, everything else to stderr; what a command needs is imported when it runs."""

from penstock.app.cli.main import main

__all__ = ["main"]

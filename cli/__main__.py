"""Lets `python -m cli` run the commands."""

from cli.main import app

app()

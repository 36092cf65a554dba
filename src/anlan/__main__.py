"""`python -m anlan`: the same as `anlan`."""

from anlan.cli import app

app()

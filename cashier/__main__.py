"""`python -m cashier`, or `.venv/bin/cashier` once set up."""

from cashier.commands import app

app(prog_name="cashier")

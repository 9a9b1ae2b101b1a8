"""`python -m cashier`, or `.venv/bin/cashier` once set up."""

from cashier.commands import app
from cashier.running import leave

try:
    app(prog_name="cashier")
except SystemExit as ended:
    leave(ended.code if isinstance(ended.code, int) else 0)

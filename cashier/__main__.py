"""`python -m cashier`, or `.venv/bin/cashier` once set up."""

import sys
from io import TextIOWrapper

from cashier.commands import app
from cashier.running import PIPE_CLOSED, leave

# EX_SOFTWARE of sysexits.h. Python's own is 1, which `stuck` returns for a finding.
DEFECT = 70


def main() -> int:
    """Run the command of the command line; return the exit code."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal of another encoding than UTF-8 gets `\\xe9`, and not a traceback.
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        app(prog_name="cashier")
    except SystemExit as ended:
        if isinstance(ended.__context__, BrokenPipeError):
            return PIPE_CLOSED  # the libraries end with 1 then
        return ended.code if isinstance(ended.code, int) else 0
    except BrokenPipeError:
        return PIPE_CLOSED
    except Exception:
        # Where logs are JSON, so is this.
        sys.excepthook(*sys.exc_info())
        return DEFECT
    return 0


leave(main())

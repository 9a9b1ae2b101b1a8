"""Settings of all processes, from the environment or `.env`; secrets from files.

Read only at entry points (never at import), so that a wrong setting is named before
anything starts, and tests need no environment. Each process is told only what it needs:
the worker never sees who may call, and the API never sees the merchant's key.
"""

from settings.api import ApiSettings
from settings.operators import OperatorSettings
from settings.worker import WorkerSettings

__all__ = ["ApiSettings", "OperatorSettings", "WorkerSettings"]

"""Settings, from the environment or `.env`; secrets from files.

Here stands what several processes share, and the worker's; the others' are at home with
them: `api.settings`, `cashier.settings`, `codec.server.settings`, `simulator.settings`.

Read only at entry points (never at import), so that a wrong setting is named before
anything starts, and tests need no environment. Each process is told only what it needs:
the worker never sees who may call, and the API never sees the merchant's key. Nothing
is imported here, so that the codec server does not load the worker's settings.
"""

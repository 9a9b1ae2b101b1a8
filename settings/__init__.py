"""Settings, from the environment or `.env`; secrets from files.

This package has the settings that several processes share, and the worker's. Other
processes have their own: `api.settings`, `cashier.settings`, `codec.server.settings`,
`simulator.settings`.

Read only at entry points (never at import), so that a wrong setting is named before
anything starts, and tests need no environment. Each process gets only the settings it
needs: the worker has no list of API keys, and the API lacks the merchant's key. Nothing
is imported here, so that the codec server does not load the worker's settings.
"""

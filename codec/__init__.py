"""Encryption of all that Temporal keeps, and the server that lets operators read it."""

"""Encrypts all payloads, and lets operators read them through the codec server."""

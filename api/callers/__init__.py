"""The API's callers: their keys, scopes and limits, and refused calls."""

"""Reads recorded histories: typed payloads, evidence, and steps as text."""

"""Demonstrations of the system: one payment, stuck payments, an audit."""

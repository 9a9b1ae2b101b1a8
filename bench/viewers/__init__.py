"""Measures 500 open result pages: their cost, and the delay of a change."""

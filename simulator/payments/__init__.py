"""Simulated payments: states, money movements, answers and notifications."""

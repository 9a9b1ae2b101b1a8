"""Played payments: their states, the money that moves, answers and notifications."""

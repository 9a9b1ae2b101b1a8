"""Giving money back: the calls of storefronts, and the workflows behind them."""

"""Taking payments: the calls of storefronts, and the workflows behind them."""

"""Takes payments: the storefronts' calls, and the workflows behind them."""

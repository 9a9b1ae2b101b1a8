"""The wallet's cashier page."""

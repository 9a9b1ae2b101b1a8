"""The wallet's cashier page, with its looks."""

"""The facts about an order's refunds, and what follows from them: pure."""

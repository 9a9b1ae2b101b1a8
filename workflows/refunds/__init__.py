"""The facts about an order's refunds, and the decisions from them: pure."""

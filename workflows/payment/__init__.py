"""The facts about a payment, and what follows from them: pure, without Temporal."""

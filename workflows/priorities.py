"""What a busy worker does first: the work that a customer waits for.

A queue hands out what bears a smaller number first; what bears none counts as 3. A
workflow's own tasks bear what it was started with, and so do its activities.
"""

from temporalio.common import Priority

CUSTOMER_WAITS = Priority(priority_key=1)
# After the expiry, for late money, and for a shop that was away.
CLEAN_UP = Priority(priority_key=5)
USUAL = Priority.default

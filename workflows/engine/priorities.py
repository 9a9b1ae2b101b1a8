"""Task priorities: a busy worker first takes tasks that a customer waits for.

A task queue hands out tasks with a smaller number first; a task without one counts as
3. A workflow's own tasks, and its activities, inherit the priority of its start.
"""

from temporalio.common import Priority

CUSTOMER_WAITS = Priority(priority_key=1)
# After the expiry, for late money, and for a shop that was down.
CLEAN_UP = Priority(priority_key=5)
USUAL = Priority.default

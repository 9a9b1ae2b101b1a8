"""(j) What refunds cost."""

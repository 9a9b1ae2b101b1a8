"""The measurements of a payment: waiting, throughput, cost and memory."""

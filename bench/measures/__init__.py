"""What is measured of a payment: waiting, throughput, cost, and memory."""

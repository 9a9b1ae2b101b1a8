"""The whole system on one machine: its folder, its processes and its Temporal."""

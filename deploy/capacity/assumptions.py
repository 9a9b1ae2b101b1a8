"""The assumptions of docs/capacity.md, besides the figures of `make bench`."""

from typing import Final

RATES: Final = (10, 100, 1000)

# ---- measured, but not in bench/results.json ----

# An API process opens some 50 pages a second at most, on a core of its own
# (api/settings.py); a notification is a call too, and counted like a page.
API_MS_A_PAGE: Final = 20.0
API_CALLS: Final = 2
# A waiting payment in a worker's memory, without the SDK's sandbox (benchmarks.md,
# Release 4), and a worker without any (e).
KB_A_WAITING_PAYMENT: Final = 85
WORKER_MIB: Final = 117
# History of a paid payment, encrypted and with evidence (benchmarks.md, Release 4).
HISTORY_BYTES: Final = 11_328

# ---- assumed ----

PAID_SHARE: Final = 0.8
# How long a payment is open: the customer pays, or the wallet's 14 minutes and margin.
PAID_SECONDS: Final = 120
UNPAID_SECONDS: Final = 870
# The used share of each core; the rest is for bursts.
BUSY: Final = 0.6
# A month's average rate is a quarter of the highest rate.
MEAN_SHARE: Final = 0.25
DAYS: Final = 30
KEPT_DAYS: Final = 90
# GET calls for an open payment, each a query: one when the customer comes back.
QUERIES: Final = 1
# One write of a run's state, with its shard locked, on a database across the network.
WRITE_MS: Final = 5.0
# `stateTransitionCount` of a paid payment, as `temporal workflow describe` says it: 9.
WRITES_A_PAYMENT: Final = 9

# ---- actions: counted in (d), and by the steps of `decide` ----

# update-with-start (2), pay, timer, signal; and the callback.
ACTIONS_PAID: Final = 6
# update-with-start (2), pay, timer, inquiry, cancel, inquiry; and the callback.
ACTIONS_UNPAID: Final = 8
CALLS_PAID: Final = 1
CALLS_UNPAID: Final = 4

# ---- Temporal Cloud, pay as you go, Business ----
# https://docs.temporal.io/cloud/pricing, its source at commit 0217b71, read 2026-11-30.

# Millions of actions, and what each million of them costs in USD.
TIERS: Final = ((5, 50), (5, 45), (10, 40), (30, 35), (50, 30), (100, 25))
# Over 200 million the price is by agreement; the last published one is an upper bound.
LAST_PRICE: Final = 25
ACTIVE_GBH: Final = 0.042
RETAINED_GBH: Final = 0.00105
HOURS: Final = 744
PLAN: Final = 500
PLAN_SHARE: Final = 0.1

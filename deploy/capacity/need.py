"""The formulas for the resources of a highest rate of payments a second."""

import math
from dataclasses import dataclass

from deploy.capacity.assumptions import (
    ACTIONS_PAID,
    ACTIONS_UNPAID,
    ACTIVE_GBH,
    API_CALLS,
    API_MS_A_PAGE,
    BUSY,
    CALLS_PAID,
    CALLS_UNPAID,
    DAYS,
    HISTORY_BYTES,
    HOURS,
    KB_A_WAITING_PAYMENT,
    KEPT_DAYS,
    LAST_PRICE,
    MEAN_SHARE,
    PAID_SECONDS,
    PAID_SHARE,
    PLAN,
    PLAN_SHARE,
    QUERIES,
    RETAINED_GBH,
    TIERS,
    UNPAID_SECONDS,
    WORKER_MIB,
    WRITE_MS,
    WRITES_A_PAYMENT,
)


@dataclass(frozen=True)
class Milliseconds:
    """Processor time of a paid payment, by process, in milliseconds.

    Attributes:
        server: Temporal's processes together; the embedded server with its database.
        database: None if the server includes it.
    """

    worker: float
    server: float
    database: float | None = None


@dataclass(frozen=True)
class Need:
    """The resources for a highest rate of payments a second."""

    rate: int
    ms: Milliseconds

    @property
    def open(self) -> int:
        """Payments that wait at a time: the rate times the duration of each."""
        unpaid = 1 - PAID_SHARE
        return round(self.rate * (PAID_SHARE * PAID_SECONDS + unpaid * UNPAID_SECONDS))

    @property
    def workers(self) -> int:
        """Processes of one core each; two at least, so that one may fail."""
        return max(2, self._cores(self.ms.worker))

    @property
    def cached(self) -> int:
        """CASHIER_CACHED_WORKFLOWS, so that all fit without one of the workers."""
        return math.ceil(self.open / max(1, self.workers - 1) / 1000) * 1000

    @property
    def worker_mib(self) -> int:
        """Memory of a worker with a full cache, in MiB."""
        return round(WORKER_MIB + self.cached * KB_A_WAITING_PAYMENT / 1024)

    @property
    def apis(self) -> int:
        return max(2, self._cores(API_CALLS * API_MS_A_PAGE))

    @property
    def server_cores(self) -> int:
        return max(2, self._cores(self.ms.server))

    @property
    def database_cores(self) -> int | None:
        """None if no separate database was measured."""
        return self._cores(self.ms.database) if self.ms.database else None

    @property
    def writes(self) -> int:
        """Writes of runs a second, all shards together."""
        return self.rate * WRITES_A_PAYMENT

    @property
    def shards_at_least(self) -> int:
        """The number with which each lock is held half of the time at most."""
        return max(4, math.ceil(self.writes * WRITE_MS / 1000 / 0.5))

    @property
    def shards(self) -> int:
        """Four times that, as a power of two, because it can never be changed."""
        return int(2 ** math.ceil(math.log2(4 * self.shards_at_least)))

    @property
    def calls(self) -> float:
        """Calls to Alipay a second."""
        return self.rate * _mixed(CALLS_PAID, CALLS_UNPAID)

    @property
    def actions(self) -> float:
        """Billable actions a second, at the highest rate."""
        return self.rate * (_mixed(ACTIONS_PAID, ACTIONS_UNPAID) + QUERIES)

    @property
    def million_actions(self) -> float:
        """Billable actions of a month, in millions."""
        return self.actions * MEAN_SHARE * DAYS * 86400 / 1e6

    @property
    def actions_usd(self) -> float:
        left, price = self.million_actions, 0.0
        for millions, each in TIERS:
            price += min(left, millions) * each
            left = max(0.0, left - millions)
        return price + left * LAST_PRICE

    @property
    def storage_usd(self) -> float:
        """The storage of open payments, and of closed ones within the retention."""
        gb = HISTORY_BYTES / 1e9
        active = self.open * MEAN_SHARE * gb
        retained = self.rate * MEAN_SHARE * 86400 * KEPT_DAYS * gb
        return HOURS * (active * ACTIVE_GBH + retained * RETAINED_GBH)

    @property
    def month_usd(self) -> float:
        """Actions, storage, and the plan: the larger of its minimum and its share."""
        used = self.actions_usd + self.storage_usd
        return used + max(PLAN, PLAN_SHARE * used)

    def _cores(self, ms_a_payment: float) -> int:
        return math.ceil(self.rate * ms_a_payment / 1000 / BUSY)


def _mixed(paid: float, unpaid: float) -> float:
    return PAID_SHARE * paid + (1 - PAID_SHARE) * unpaid

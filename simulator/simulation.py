"""All parts of one simulator, put together, started and stopped."""

import asyncio
from collections import deque
from contextlib import suppress

import httpx
from pydantic import TypeAdapter

from simulator.calls import Call
from simulator.config import Clock, SimulatorConfig
from simulator.faults.planned import Faults
from simulator.journal import Journal
from simulator.operations import Operations
from simulator.payments.announcer import Announcer
from simulator.payments.ledger import Entry, Ledger
from simulator.payments.lifecycle import Lifecycle
from simulator.payments.movements import Movements
from simulator.payments.notifier import Notification, Notifier
from simulator.payments.payment import Payment
from simulator.payments.refund import Refund
from simulator.payments.refunds import Refunds
from simulator.payments.register import Register
from simulator.timers import Timers

# Each is kept with its body, some 2 kB: about 10 MB at most, and an endless `make up`
# grows no further. Only the calls of the last minutes are of interest.
REMEMBERED_CALLS = 5_000

PAYMENT = TypeAdapter(Payment)
REFUND = TypeAdapter(Refund)
ENTRY = TypeAdapter(Entry)
NOTIFICATION = TypeAdapter(Notification)


class Simulation:
    """One Alipay with its payments; every part is reachable by name."""

    def __init__(
        self,
        config: SimulatorConfig,
        clock: Clock,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.config = config
        self.clock = clock
        self.calls: deque[Call] = deque(maxlen=REMEMBERED_CALLS)
        self.timers = Timers(clock)
        self.faults = Faults(seed=config.seed, rate=config.fault_rate)
        self.register = Register()
        self.ledger = Ledger()
        self.notifier = Notifier(config, clock, self.timers, self._save, transport)
        announcer = Announcer(config, clock, self.faults, self.notifier)
        movements = Movements(clock, self.ledger, self._save)
        self.refunds = Refunds(
            config,
            clock,
            self.timers,
            self.faults,
            self.register,
            movements,
            announcer,
            self._save,
        )
        self.lifecycle = Lifecycle(
            config,
            clock,
            self.timers,
            self.faults,
            self.register,
            movements,
            self.refunds,
            announcer,
            self._save,
        )
        self.operations = Operations(
            config, clock, self.register, self.lifecycle, self.refunds
        )
        self._journal = Journal(config.state_file)
        self._ticking: asyncio.Task[None] | None = None

    async def start(self) -> None:
        payments: list[Payment] = []
        for line in self._journal.open():
            match line.kind:
                case "payment":
                    payments.append(PAYMENT.validate_python(line.record))
                case "entry":
                    self.ledger.record(ENTRY.validate_python(line.record))
                case "notification":
                    self.notifier.restore(NOTIFICATION.validate_python(line.record))
        for payment in payments:
            self.lifecycle.resume(payment)
        self._ticking = asyncio.create_task(self.timers.run())

    async def stop(self) -> None:
        if self._ticking is not None:
            self._ticking.cancel()
            # Any other end of the task is a defect, and must be seen.
            with suppress(asyncio.CancelledError):
                await self._ticking
        await self.notifier.close()
        self._journal.close()

    async def settle(self) -> None:
        """Run due timers, and wait until their notifications have been sent."""
        self.timers.fire()
        await self.notifier.settle()

    def _save(self, record: Payment | Entry | Notification) -> None:
        if not self._journal.is_open:
            return
        match record:
            case Payment():
                key, kind = record.payment_request_id, "payment"
                value = PAYMENT.dump_python(record, mode="json")
            case Entry():
                key, kind = record.key, "entry"
                value = ENTRY.dump_python(record, mode="json")
            case Notification():
                key, kind = record.id, "notification"
                value = NOTIFICATION.dump_python(record, mode="json")
        self._journal.write(kind, key, value)

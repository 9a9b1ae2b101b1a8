"""Ends a program when the process that started it has gone, however that ended.

The starter holds one end of a pipe, the guard reads at the other: the kernel closes the
starter's end even after SIGKILL. The guard is a child of the program, which it replaces
itself with, so that the program keeps the process id that the starter knows (decision
0024). This file is also run by itself, by a Python that loads nothing else:

    python -I -S guard.py LIFELINE PATIENCE PROGRAM [ARGUMENT...]
"""

import os
import selectors
import signal
import sys

# A worker lets an activity in flight finish (25 s); no part needs longer than this.
STOP_PATIENCE_SECONDS = 30


class Lifeline:
    """A pipe that closes when the last process that holds it has gone.

    Attributes:
        watched: The end at which guards read.
        held: The other end; programs that shall end later than others may hold it too.
    """

    def __init__(self) -> None:
        # Neither end is inherited by a program unless it is passed on by number.
        self.watched, self.held = os.pipe()

    def close(self) -> None:
        """Let go; what is guarded by it, and still runs, gets SIGTERM."""
        os.close(self.watched)
        os.close(self.held)


def guarded(
    lifeline: Lifeline, *command: str, patience: float = STOP_PATIENCE_SECONDS
) -> list[str]:
    """Return the command that runs a program with its guard.

    The starter must pass `lifeline.watched` on, e.g. by `pass_fds`.

    Args:
        lifeline: When it closes, the program gets SIGTERM.
        command: The program, and its arguments.
        patience: After so many seconds more, it gets SIGKILL.
    """
    guard = [sys.executable, "-I", "-S", __file__]
    return [*guard, str(lifeline.watched), str(patience), *command]


def _run(lifeline: int, patience: float, command: list[str]) -> None:
    program = os.getpid()
    alive, held_by_program = os.pipe()
    if os.fork() == 0:
        os.close(held_by_program)
        _stand_aside()
        _watch(lifeline, alive, program, patience)
        os._exit(0)
    os.close(alive)
    os.close(lifeline)
    os.set_inheritable(held_by_program, True)
    os.execvp(command[0], command)  # noqa: S606 - no shell on purpose


def _stand_aside() -> None:
    """Leave the terminal with its Ctrl-C, and the program's input and output."""
    os.setsid()
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)


def _watch(lifeline: int, alive: int, program: int, patience: float) -> None:
    """Wait until the starter or the program has gone; end the program if it is left."""
    with selectors.DefaultSelector() as selector:
        selector.register(alive, selectors.EVENT_READ)
        selector.register(lifeline, selectors.EVENT_READ)
        gone = [key.fd for key, _ in selector.select()]
        if alive in gone:
            return
        selector.unregister(lifeline)
        _send(signal.SIGTERM, program)
        if not selector.select(patience):
            _send(signal.SIGKILL, program)


def _send(what: signal.Signals, program: int) -> None:
    # Once the program has gone its number may be another's, but that is not our parent.
    if os.getppid() == program:
        os.kill(program, what)


if __name__ == "__main__":
    _run(int(sys.argv[1]), float(sys.argv[2]), sys.argv[3:])

"""Ends a program when the process that started it has ended, by whatever signal.

The starter holds one end of a pipe, and the guard reads from the other: the kernel
closes the starter's end even after SIGKILL. The guard is a child of the program, so
that the program has the process id that the starter knows (decision 0024). This file
also runs as a script, in a Python that loads nothing else:

    python -I -S guard.py LIFELINE PATIENCE PROGRAM [ARGUMENT...]
"""

import os
import selectors
import signal
import sys

# A worker lets running activities finish (25 s); no process needs longer than this.
STOP_PATIENCE_SECONDS = 30


class Lifeline:
    """A pipe that closes when the last process that holds it has ended.

    Attributes:
        watched: The end that guards read from.
        held: The other end; programs that should end after others may hold it, too.
    """

    def __init__(self) -> None:
        # A program inherits neither end unless its number is passed on.
        self.watched, self.held = os.pipe()

    def close(self) -> None:
        """Close it; guarded programs that still run get SIGTERM."""
        os.close(self.watched)
        os.close(self.held)


def guarded(
    lifeline: Lifeline, *command: str, patience: float = STOP_PATIENCE_SECONDS
) -> list[str]:
    """Return the command that runs a program with its guard.

    The starter must pass `lifeline.watched` to it, e.g. by `pass_fds`.

    Args:
        lifeline: The pipe; when it closes, the program gets SIGTERM.
        command: The program and its arguments.
        patience: Seconds from SIGTERM to SIGKILL.
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
    """Detach from the terminal's Ctrl-C, and from the program's input and output."""
    os.setsid()
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)


def _watch(lifeline: int, alive: int, program: int, patience: float) -> None:
    """Wait until the starter or the program has ended; then end the program."""
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
    # After the program's end another process may have its id, but not as our parent.
    if os.getppid() == program:
        os.kill(program, what)


if __name__ == "__main__":
    _run(int(sys.argv[1]), float(sys.argv[2]), sys.argv[3:])

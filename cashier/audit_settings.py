"""What the commands of `cashier audit` share: their settings, and how they end."""

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import typer
from rich.console import Console

if TYPE_CHECKING:
    from settings import OperatorSettings

Result = TypeVar("Result")


def settings_of(*, writes: bool = False) -> "OperatorSettings":
    """Return the settings; who writes must write as encrypted as all else is."""
    from cashier.commands import read_settings
    from cashier.operators import WrongSettingError
    from settings import OperatorSettings

    settings = read_settings(OperatorSettings)

    def check() -> None:
        if writes and not settings.may_write:
            raise WrongSettingError(
                "CASHIER_PAYLOAD_KEYS_DIR: needed, so that nothing readable is written "
                "into a history; only CASHIER_CLEAR_TEXT=true does without"
            )

    carry_out(check)
    return settings


def carry_out(work: Callable[[], Result]) -> Result:
    """Do it; what is wrong is said in plain words, and ends the command."""
    from cashier.operators import CommandError

    try:
        return work()
    except CommandError as error:
        # Texts of files may hold anything that looks like markup.
        Console(stderr=True).print(
            str(error), style="red", markup=False, highlight=False, soft_wrap=True
        )
        raise typer.Exit(error.exit_code) from None

"""What happens to the texts of settings on their way."""

from collections.abc import Callable

# What tools leave around a value.
ACCIDENTS: dict[str, Callable[[str], str]] = {
    "a line feed after it, as in secrets of Kubernetes": lambda it: f"{it}\n",
    "the line end of Windows": lambda it: f"{it}\r\n",
    "blanks around it": lambda it: f" {it}\t",
    "a no-break space": lambda it: f"{it}\u00a0",
    "a byte order mark": lambda it: f"\ufeff{it}",
    "a zero width space": lambda it: f"{it}\u200b",
    "quotation marks, as of docker run --env-file": lambda it: f'"{it}"',
    "single quotation marks": lambda it: f"'{it}'",
    "quotation marks and a line feed": lambda it: f'"{it}\n"\n',
}
# What nobody can have meant, in any setting.
IMPOSSIBLE: dict[str, Callable[[str], str]] = {
    "a line feed inside": lambda it: f"{it[:1]}\n{it[1:] or it}",
    "a zero width space inside": lambda it: f"{it[:1]}\u200b{it[1:] or it}",
    "a no-break space inside": lambda it: f"{it[:1]}\u00a0{it[1:] or it}",
    "an escape": lambda it: f"{it[:1]}\x1b{it[1:] or it}",
    "half a byte order": lambda it: f"{it[:1]}\udcff{it[1:] or it}",
    "one quotation mark": lambda it: f'"{it}',
    "two kinds of quotation marks": lambda it: f"\"{it}'",
    "quotation marks in quotation marks": lambda it: f"\"'{it}'\"",
}

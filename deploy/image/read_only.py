"""Runs a program on a read-only file system without an engine."""

from collections.abc import Sequence
from pathlib import Path

from deploy.image.programs import run

# In a mount namespace, so that other processes do not see the mounts, and they end with
# the program.
# /tmp is as Docker makes it with `--tmpfs /tmp`.
SCRIPT = """
set -e
root=$1 user=$2
shift 2
mount --bind "$root" "$root"
mount -o remount,bind,ro "$root"
mount -t tmpfs -o noexec,nosuid,nodev,mode=1777 tmpfs "$root/tmp"
mount --rbind /dev "$root/dev"
mount --rbind /proc "$root/proc"
exec setpriv --no-new-privs chroot --userspec="$user" --groups= "$root" "$@"
"""


def run_read_only(
    root: Path,
    command: Sequence[str],
    *,
    user: str,
    folder: str,
    variables: Sequence[str],
) -> None:
    """Run a program in a folder with an image's files, of which only /tmp is writable.

    Args:
        root: The folder.
        command: The program and its arguments.
        user: Its numeric user and group, such as `1000:1000`.
        folder: The working directory in the image.
        variables: Its whole environment, each as NAME=VALUE.

    Raises:
        subprocess.CalledProcessError: It failed, or something could not be mounted.
    """
    program = ("env", "-i", f"--chdir={folder}", *variables, *command)
    mounting = ("unshare", "--mount", "sh", "-c", SCRIPT, "sh")
    run(*mounting, str(root), user, *program)

"""Runs a program on a read-only file system where no engine can make one."""

from collections.abc import Sequence
from pathlib import Path

from deploy.image.programs import run

# In a namespace of mounts, so that nobody else sees them, and they go with the program.
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
    """Run a program in a folder that holds an image's files, writable in /tmp only.

    Args:
        root: The folder.
        command: The program and its arguments.
        user: Who runs it: the numbers of user and group, as `1000:1000`.
        folder: Where in the image it works.
        variables: All of its environment, each as NAME=VALUE.

    Raises:
        subprocess.CalledProcessError: It failed, or something could not be mounted.
    """
    program = ("env", "-i", f"--chdir={folder}", *variables, *command)
    mounting = ("unshare", "--mount", "sh", "-c", SCRIPT, "sh")
    run(*mounting, str(root), user, *program)

"""Becomes a command that ends when its parent ends, however that happens.

    python follow_parent.py PARENT_PID COMMAND [ARGUMENT ...]

A program of its own, not a function run between fork and exec: in a process that uses
gRPC, what else runs there may abort the child. (To be exact, the command ends when the
thread that started it ends.)
"""

import ctypes
import os
import signal
import sys
from typing import Final

_PR_SET_PDEATHSIG: Final = 1


def main() -> None:
    parent, command = int(sys.argv[1]), sys.argv[2:]
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:  # it died before we had asked
        sys.exit(1)
    os.execvp(command[0], command)  # noqa: S606


if __name__ == "__main__":
    main()

"""A throwaway PostgreSQL for tests: its own cluster on a free port, gone afterwards."""

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from glob import glob
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.servers import free_port

_PATH = os.pathsep.join(
    [
        # Debian keeps them where no PATH looks.
        *sorted(glob("/usr/lib/postgresql/*/bin"), reverse=True),
        os.environ.get("PATH", ""),
    ]
)
_WAIT_S = 30


class PostgresServer:
    """A cluster in ``folder``, which the server's user must be able to write to."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._data = folder / "data"
        self._port = free_port()

    @property
    def url(self) -> str:
        return f"postgresql+psycopg://gigatwin@127.0.0.1:{self._port}/postgres"

    def create(self) -> None:
        _run(
            "initdb",
            *("--pgdata", str(self._data), "--username", "gigatwin"),
            *("--auth", "trust", "--encoding", "UTF8", "--no-locale", "--no-sync"),
        )

    def start(self) -> None:
        """Returns once the server takes connections."""
        settings = (
            f"-p {self._port} -c listen_addresses=127.0.0.1 "
            f"-c unix_socket_directories={self._folder} -c fsync=off"
        )
        log = str(self._folder / "log")
        _run(
            "pg_ctl",
            *("start", "--pgdata", str(self._data), "--log", log),
            *("--wait", "--timeout", str(_WAIT_S), "--options", settings),
        )

    def stop(self) -> None:
        """Ends the server at once, with whoever is connected."""
        _run(
            "pg_ctl",
            *("stop", "--pgdata", str(self._data), "--mode", "immediate"),
            *("--wait", "--timeout", str(_WAIT_S)),
        )


@contextmanager
def start_postgres() -> Iterator[PostgresServer]:
    """A running server with an empty database."""
    with TemporaryDirectory(prefix="gt-postgres-") as name:
        if os.getuid() == 0:
            user = _server_user()
            os.chown(name, user.pw_uid, user.pw_gid)
        server = PostgresServer(Path(name))
        server.create()
        server.start()
        try:
            yield server
        finally:
            server.stop()


def _run(program: str, *arguments: str) -> None:
    found = shutil.which(program, path=_PATH)
    assert found is not None, f"{program} is not on this machine"
    # Not a pipe: the server would inherit it and keep it open.
    with TemporaryDirectory(prefix="gt-postgres-out-") as folder:
        said = Path(folder) / "said"
        with said.open("wb") as output:
            done = subprocess.run(
                [found, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd="/",
                check=False,
                **_as_server_user(),
            )
        if done.returncode != 0:
            raise RuntimeError(f"{program} failed:\n{said.read_text(errors='replace')}")


def _as_server_user() -> dict[str, int]:
    """PostgreSQL refuses to run as root."""
    if os.getuid() != 0:
        return {}
    user = _server_user()
    return {"user": user.pw_uid, "group": user.pw_gid}


def _server_user() -> pwd.struct_passwd:
    """The package makes ``postgres``; without it, anyone without rights will do."""
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise RuntimeError("there is no user that PostgreSQL could run as")

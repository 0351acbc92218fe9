"""A PostgreSQL of the test's own: in a private folder, on a Unix socket. Standard library only."""
import os
import shutil
import subprocess
import tempfile

from client import LIMIT, PROGRAM

POSTGRES = os.environ.get("CARTPILOT_POSTGRES", "/usr/lib/postgresql/15/bin")


def takes_database():
    """Whether the program keeps its state in PostgreSQL when it is told to, and that is here."""
    told = subprocess.run([PROGRAM, "serve", "--help"], capture_output=True, text=True,
                          timeout=LIMIT)
    return "--database" in told.stdout and os.path.exists(POSTGRES + "/initdb")


class Postgres:
    """A running server; PostgreSQL refuses root, so root hands it to the user postgres."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="cartpilot-pg-")
        self.as_user = []
        if os.geteuid() == 0:
            self.as_user = ["runuser", "-u", "postgres", "--"]
            shutil.chown(self.folder, "postgres")
        os.chmod(self.folder, 0o700)
        self._run("initdb", "--auth=trust", "--username=postgres", "--no-sync", "--encoding=UTF8",
                  "--locale=C.UTF-8", "-D", self.folder + "/data")
        self._run("pg_ctl", "start", "--wait", "-D", self.folder + "/data", "-l",
                  self.folder + "/log", "-o", f"-c listen_addresses= -k {self.folder} -c fsync=off")

    def _run(self, program, *words):
        subprocess.run([*self.as_user, f"{POSTGRES}/{program}", *words], check=True, cwd="/",
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, timeout=LIMIT)

    def url(self, database):
        return f"postgresql://postgres@/{database}?host={self.folder}"

    def create(self, database):
        subprocess.run([f"{POSTGRES}/createdb", "--maintenance-db", self.url("postgres"), database],
                       check=True, timeout=LIMIT)
        return self.url(database)

    def stop(self):
        try:
            self._run("pg_ctl", "stop", "--mode=fast", "-D", self.folder + "/data")
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)

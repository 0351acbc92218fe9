"""A PostgreSQL of the run's own, in a folder of its own, on a Unix socket."""
import glob
import os
import pwd
import shutil
import subprocess
import tempfile
import time

DATABASE = "cartpilot"
ROLE = "cartpilot"


def programs():
    """The folder of PostgreSQL's programs, or None."""
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/postgres"),
                   key=lambda path: int(path.split("/")[4]))
    if found:
        return os.path.dirname(found[-1])
    inpath = shutil.which("postgres")
    return os.path.dirname(inpath) if inpath else None


def available():
    if programs() is None:
        return False
    if os.geteuid() != 0:
        return True
    try:
        pwd.getpwnam("postgres")
    except KeyError:
        return False
    return shutil.which("setpriv") is not None


class Cluster:
    """PostgreSQL refuses to run as root: then it runs as the user postgres."""

    def __init__(self, logs):
        self.path = tempfile.mkdtemp(prefix="cartpilot-pg-", dir="/tmp")
        self.as_user = []
        if os.geteuid() == 0:
            entry = pwd.getpwnam("postgres")
            os.chown(self.path, entry.pw_uid, entry.pw_gid)
            self.as_user = ["setpriv", f"--reuid={entry.pw_uid}", f"--regid={entry.pw_gid}",
                            "--clear-groups"]
        os.chmod(self.path, 0o755)
        self.bin = programs()
        data = os.path.join(self.path, "data")
        environment = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8", "HOME": self.path}
        subprocess.run([*self.as_user, f"{self.bin}/initdb", "-D", data, "-A", "trust", "-U", ROLE,
                        "-E", "UTF8", "--locale=C.UTF-8", "-N"], env=environment, check=True,
                       stdout=subprocess.DEVNULL, cwd="/")
        self.errors = open(os.path.join(logs, "postgresql.log"), "wb")
        # Instances are killed, not the database: fsync only costs time here.
        self.process = subprocess.Popen(
            [*self.as_user, f"{self.bin}/postgres", "-D", data, "-k", self.path, "-h", "",
             "-c", "fsync=off", "-c", "max_connections=200", "-c", "log_min_messages=warning"],
            env=environment, stdin=subprocess.DEVNULL, stdout=self.errors, stderr=self.errors,
            start_new_session=True, cwd="/")
        end = time.monotonic() + 60
        while self.ask("SELECT 1", "postgres").returncode != 0:
            alive = self.process.poll() is None and time.monotonic() < end
            assert alive, "PostgreSQL did not start"
            time.sleep(0.1)
        made = self.ask(f"CREATE DATABASE {DATABASE}", "postgres")
        assert made.returncode == 0, made.stderr
        self.url = f"postgresql://{ROLE}@/{DATABASE}?host={self.path}"

    def ask(self, query, database=DATABASE):
        return subprocess.run([f"{self.bin}/psql", "-h", self.path, "-U", ROLE, "-d", database,
                               "-XAtq", "-c", query], capture_output=True, text=True, timeout=60,
                              cwd="/")

    def cut(self, everything):
        """Ends one connection, or all of them."""
        some = "" if everything else "ORDER BY random() LIMIT 1"
        self.ask("SELECT pg_terminate_backend(pid) FROM (SELECT pid FROM pg_stat_activity WHERE "
                 f"datname = '{DATABASE}' AND pid <> pg_backend_pid() {some}) AS chosen")

    def stop(self, keep=False):
        # SIGINT: end now and in order.
        subprocess.run([*self.as_user, "kill", "-INT", str(self.postmaster())], check=False)
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.errors.close()
        if not keep:
            shutil.rmtree(self.path, ignore_errors=True)

    def postmaster(self):
        with open(os.path.join(self.path, "data", "postmaster.pid")) as file:
            return int(file.readline())

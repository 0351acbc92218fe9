"""The folder of a run, and the environment of the programs in it."""
import os
import shutil
import tempfile

PROGRAM = os.environ.get("CARTPILOT_PROGRAM", "")
ROOM_WANTED = 1 << 30


class Folder:
    def __init__(self, keep=False):
        if not PROGRAM:
            raise SystemExit("CARTPILOT_PROGRAM must name the program; scripts/torture-serve does")
        place = None
        if os.path.isdir("/dev/shm") and shutil.disk_usage("/dev/shm").free > ROOM_WANTED:
            place = "/dev/shm"
        self.path = tempfile.mkdtemp(prefix="cartpilot-torture-", dir=place)
        self.keep = keep
        self.logs = self.sub("logs")

    def sub(self, *names):
        path = os.path.join(self.path, *names)
        os.makedirs(path, mode=0o700, exist_ok=True)
        return path

    def environment(self, name, **more):
        """Of a program with a state folder of its own."""
        kept = {each: os.environ[each] for each in ("PATH", "LANG", "LD_LIBRARY_PATH")
                if each in os.environ}
        home = self.sub(name)
        return {**kept, "HOME": home, "XDG_STATE_HOME": home + "/state",
                "XDG_CONFIG_HOME": home + "/config", "TERM": "dumb", **more}

    def remove(self):
        if not self.keep:
            shutil.rmtree(self.path, ignore_errors=True)

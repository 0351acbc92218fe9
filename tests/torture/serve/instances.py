"""The instances of `cartpilot serve`, and what the run did to them.

The moments at which an instance was killed, stopped or started are kept: what a person meets at an
instance that nobody disturbed counts against the program, the rest does not.
"""
import os
import random
import re
import signal
import subprocess
import threading
import time

from folder import PROGRAM

START_LIMIT = 60
END_LIMIT = 120
SECRET = "the-secret-of-the-proxy"
# What the program says when all is well; anything else is kept for the report.
EXPECTED = [re.compile(pattern) for pattern in (
    r"Serving people that \S+ names on ", r"Waiting for \d+ answers? to end", r"\s*$")]
# Words of an internal error in the program's log.
INTERNAL = re.compile(r"a turn failed:|terminate called|Assertion|AddressSanitizer|runtime error:|"
                      r"Segmentation|std::|json\.exception|SQLite|pqxx|\binternal error\b|"
                      r"was altered|integrity|deadlock|constraint", re.IGNORECASE)


class Instance:
    """One of them. Started again it listens where it did before."""

    def __init__(self, number, folder, flags, facts, environment=None):
        self.name = f"instance {number}"
        self.folder = folder
        self.home = f"instance{number}"
        self.flags = flags
        self.facts = facts
        self.more = environment or {}
        self.lock = threading.Lock()
        self.process = None
        self.starts = 0
        self.place = "127.0.0.1:0"
        self.state = "down"  # down, starting, up, stopped
        self.since = time.monotonic()  # of its state
        self.logs = []

    def start(self):
        with self.lock:
            self.starts += 1
            log = os.path.join(self.folder.logs, f"{self.home}.{self.starts}.log")
            self.logs.append(log)
            environment = self.folder.environment(self.home, **self.more)
            with open(log, "wb") as errors:
                self.process = subprocess.Popen(
                    [PROGRAM, "serve", "--listen", self.place, *self.flags], env=environment,
                    stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors,
                    start_new_session=True)
            self.become("starting")
        end = time.monotonic() + START_LIMIT
        while True:
            found = re.search(r"names on (\S+:\d+)", self.log())
            if found:
                break
            if self.process.poll() is not None:
                with self.lock:
                    self.become("down")
                self.facts.complain(f"does not start (exit code {self.process.returncode}): "
                                    f"{self.log()[-300:].strip()}", instance=self.name)
                return False
            if time.monotonic() > end:
                self.facts.complain(f"does not start within {START_LIMIT} s", instance=self.name)
                self.kill()
                return False
            time.sleep(0.05)
        with self.lock:
            self.place = found.group(1)
            self.become("up")
        return True

    def become(self, state):
        self.state = state
        self.since = time.monotonic()

    def log(self):
        with open(self.logs[-1], errors="replace") as file:
            return file.read()

    def kill(self):
        with self.lock:
            self.become("down")
            self.process.kill()
            self.process.wait()

    def pause(self):
        with self.lock:
            if self.state != "up":
                return False
            self.become("stopped")
            self.process.send_signal(signal.SIGSTOP)
            return True

    def go_on(self):
        with self.lock:
            if self.state == "stopped":
                self.process.send_signal(signal.SIGCONT)
                self.become("up")

    def undisturbed_since(self, moment):
        """Whether it was up all the time since `moment`."""
        with self.lock:
            return self.state == "up" and self.since <= moment

    def look(self):
        """Says so when it ended although nobody ended it."""
        with self.lock:
            if self.state not in ("up", "stopped") or self.process.poll() is None:
                return True
            self.become("down")
            code = self.process.returncode
        self.facts.complain(f"ended by itself with exit code {code}: {self.log()[-300:].strip()}",
                            instance=self.name, log=self.logs[-1])
        return False

    def end(self):
        """As an operator ends it: SIGTERM, and it finishes what it does."""
        if self.state == "down":
            return
        self.go_on()
        with self.lock:
            self.become("down")
            self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(END_LIMIT)
            if code != 0:
                self.facts.complain(f"exit code {code} after SIGTERM", instance=self.name,
                                    log=self.logs[-1])
        except subprocess.TimeoutExpired:
            self.facts.complain(f"does not end within {END_LIMIT} s after SIGTERM",
                                instance=self.name, log=self.logs[-1])
            self.process.kill()
            self.process.wait()

    def remarks(self):
        """Lines of its logs that are not what it always says: (line, internal error?)."""
        lines = []
        for log in self.logs:
            with open(log, errors="replace") as file:
                for line in file:
                    if not any(pattern.match(line) for pattern in EXPECTED):
                        lines.append((f"{os.path.basename(log)}: {line.strip()[:300]}",
                                      bool(INTERNAL.search(line))))
        return lines


class Instances:
    """All of them, and the choice that a balancer makes."""

    def __init__(self, number, folder, flags, facts, environment=None):
        secret = os.path.join(folder.path, "secret")
        with open(secret, "w") as file:
            file.write(SECRET + "\n")
        os.chmod(secret, 0o600)
        flags = [*flags, "--auth-header", "X-Forwarded-User", "--auth-secret-file", secret]
        self.facts = facts
        self.all = [Instance(each, folder, flags, facts, environment) for each in range(number)]

    def start(self):
        return all([instance.start() for instance in self.all])

    def pick(self, but=None):
        """One that accepts connections, as a balancer knows it; None when none does."""
        up = [instance for instance in self.all if instance.state == "up" and instance is not but]
        # A balancer does not see at once that an instance is stopped.
        up += [instance for instance in self.all
               if instance.state == "stopped" and instance is not but and
               time.monotonic() - instance.since < 2]
        return random.choice(up) if up else None

    def healthy(self):
        return [instance for instance in self.all if instance.state == "up"]

    def look(self):
        """Starts again what ended by itself, so that the run goes on."""
        for instance in self.all:
            if not instance.look():
                instance.start()

    def heal(self):
        for instance in self.all:
            instance.go_on()
            if instance.state == "down":
                instance.start()

    def end(self):
        ends = [threading.Thread(target=instance.end) for instance in self.all]
        for thread in ends:
            thread.start()
        for thread in ends:
            thread.join()

    def kill_all(self):
        for instance in self.all:
            if instance.process is not None and instance.process.poll() is None:
                instance.process.kill()
                instance.process.wait()

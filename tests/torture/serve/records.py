"""What the program recorded of each person's purchases, read with its own commands."""
import hashlib
import json
import os
import shutil
import subprocess

from folder import PROGRAM

LIMIT = 120


class Records:
    """Read when the instances have ended: a state in SQLite is copied, so nothing touches it."""

    def __init__(self, folder, database_url=None):
        self.folder = folder
        self.url = database_url

    def run(self, person, *words, home=None):
        name = home or "records-" + hashlib.sha256(person.encode()).hexdigest()[:32]
        environment = self.folder.environment(name)
        if self.url:
            words = [*words, "--database", self.url, "--person", person]
        else:
            self.copy_state(person, os.path.join(environment["XDG_STATE_HOME"], "cartpilot"))
        return subprocess.run([PROGRAM, *words], env=environment, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=LIMIT, check=False)

    def copy_state(self, person, to):
        # The folder of a person whose name is more than letters and digits ends in its digest.
        digest = hashlib.sha256(person.encode()).hexdigest()[:32]
        people = os.path.join(self.folder.environment("instance0")["XDG_STATE_HOME"], "cartpilot",
                              "people")
        names = os.listdir(people) if os.path.isdir(people) else []
        state = next((os.path.join(people, name) for name in names if name.endswith(digest)), "")
        if os.path.isdir(state) and not os.path.isdir(to):
            os.makedirs(os.path.dirname(to), exist_ok=True)
            shutil.copytree(state, to)

    def purchases(self, person):
        """All attempts of a person; a text when they cannot be read."""
        done = self.run(person, "purchases", "list", "--json")
        if done.returncode != 0:
            return f"exit code {done.returncode}: {done.stderr.strip()[-300:]}"
        return json.loads(done.stdout)

    def complaint(self, person, home=None):
        """What `purchases verify` says against the record, "" when it is intact.

        With `home` it also compares the record with what that instance noted of it."""
        done = self.run(person, "purchases", "verify", home=home)
        return "" if done.returncode == 0 else (f"exit code {done.returncode}: "
                                                f"{done.stderr.strip()[-300:]}")

    def complaints(self, person, homes):
        """Of the record itself, and where it is in a database from the place of each instance."""
        places = [None, *homes] if self.url else [None]
        return [f"purchases verify{' at ' + home if home else ''}: {said}" for home, said in
                ((home, self.complaint(person, home)) for home in places) if said]

    def database_complaint(self):
        if not self.url:
            return ""
        done = subprocess.run([PROGRAM, "db", "check", "--database", self.url],
                              env=self.folder.environment("records-all"),
                              stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=LIMIT, check=False)
        return "" if done.returncode == 0 else (f"db check, exit code {done.returncode}: "
                                                f"{(done.stderr + done.stdout).strip()[-300:]}")

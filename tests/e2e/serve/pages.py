"""`cartpilot serve` and browsers at it, without their screens. Standard library only."""
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../mcp"))
from client import LIMIT, PROGRAM, Person  # noqa: E402


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path):
        super().__init__("localhost", timeout=LIMIT)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(LIMIT)
        self.sock.connect(self.path)


class Serve:
    """A running `cartpilot serve`."""

    def __init__(self, home, *flags, listen="127.0.0.1:0", environment=None):
        self.errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            [PROGRAM, "serve", "--listen", listen, *flags],
            env=home.environment(**(environment or {})), stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=self.errors, start_new_session=True)
        self.home = home
        self.socket = listen[5:] if listen.startswith("unix:") else None
        end = time.monotonic() + LIMIT
        found = None
        while not found:
            assert self.process.poll() is None and time.monotonic() < end, self.errors_text()
            found = re.search(r"(?:Page on http://|names on )([^ /]*:\d+|/\S+)", self.errors_text())
            time.sleep(0.02)
        self.place = "shop.example" if self.socket else found.group(1)
        self.url = f"http://{self.place}/"

    def errors_text(self):
        self.errors.seek(0)
        return self.errors.read().decode(errors="replace")

    def connect(self):
        if self.socket:
            return UnixConnection(self.socket)
        host, port = self.place.rsplit(":", 1)
        return http.client.HTTPConnection(host, int(port), timeout=LIMIT)

    def stop(self, sent=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(sent)
        code = self.process.wait(LIMIT)
        self.errors.close()
        return code


class Browser:
    """One browser of one person: paired, or named by a proxy."""

    def __init__(self, serve, person=None, **headers):
        self.serve = serve
        self.headers = dict(headers)
        if person is not None:
            self.headers["X-Forwarded-User"] = person
            status, _, me = self.send("GET", "/api/me")
            if status == 200:
                self.headers["X-Page-Key"] = me["key"]

    def send(self, method, path, body=None, headers=None):
        """Status, headers and JSON. Headers that are None are left out."""
        connection = self.serve.connect()
        sent = {"Host": self.serve.place, **self.headers}
        if method != "GET":
            sent["Origin"] = f"http://{self.serve.place}"
            if body is not None:
                sent["Content-Type"] = "application/json"
        sent.update(headers or {})
        sent = {name: value for name, value in sent.items() if value is not None}
        data = body if isinstance(body, (bytes, type(None))) else json.dumps(body).encode()
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        for name, value in sent.items():
            for one in value if isinstance(value, list) else [value]:
                connection.putheader(name, one)
        if data is not None:
            connection.putheader("Content-Length", str(len(data)))
        connection.endheaders(data)
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        kind = answer.getheader("Content-Type") or ""
        return (answer.status, dict(answer.getheaders()),
                json.loads(text) if kind == "application/json" else text.decode())

    def ask(self, method, path, body=None, expect=200):
        status, _, answer = self.send(method, path, body)
        assert status == expect, (status, answer)
        return answer

    def pair(self):
        terminal = Person(self.serve.home, command="pair")
        code = terminal.wait_for(r"Pairing code: ([a-z]{4}-[a-z]{4})").group(1)
        status, headers, body = self.send("POST", "/api/pair", {"code": code})
        assert status == 200, body
        self.headers.update({"Cookie": headers["Set-Cookie"].split(";")[0],
                             "X-Page-Key": body["key"]})
        assert terminal.finish() == 0, terminal.screen
        return self

    def begin(self):
        return self.ask("POST", "/api/conversations", {}, 201)["id"]

    def say(self, conversation, text):
        return self.ask("POST", f"/api/conversations/{conversation}/messages", {"text": text},
                        202)["run"]

    def watch(self, conversation, after=None):
        return Stream(self, conversation, after)

    def turn(self, conversation, text):
        """Says something and waits for the end of the answer: its events."""
        stream = self.watch(conversation)
        run = self.say(conversation, text)
        events = stream.until_end(run)
        stream.close()
        return events

    def question(self):
        end = time.monotonic() + LIMIT
        while time.monotonic() < end:
            question = self.ask("GET", "/api/question")["question"]
            if question:
                return question
            time.sleep(0.05)
        raise AssertionError("no question came to the page")

    def shown(self):
        """Token, total and code of the answer to the present question."""
        body = self.ask("POST", "/api/question/shown", {"token": self.question()["token"]})
        total, code = re.fullmatch(r"Type the total \((.*)\) and the code \((.*)\) to buy",
                                   body["request"]).groups()
        return body["token"], f"{total} {code}"

    def say_yes(self):
        token, typed = self.shown()
        return self.ask("POST", "/api/question/answer", {"token": token, "typed": typed})


class Stream:
    """The events of a conversation, read on a thread."""

    def __init__(self, browser, conversation, after=None, path=None, body=None):
        self.connection = browser.serve.connect()
        path = path or f"/api/conversations/{conversation}/events" + (
            "" if after is None else f"?after={after}")
        headers = {"Host": browser.serve.place, **browser.headers}
        if body is not None:
            headers.update({"Origin": f"http://{browser.serve.place}",
                            "Content-Type": "application/json"})
        self.connection.request("GET" if body is None else "POST", path,
                                None if body is None else json.dumps(body), headers)
        self.answer = self.connection.getresponse()
        assert self.answer.status == 200, (self.answer.status, self.answer.read())
        self.events = []
        self.ids = []
        self.comments = 0
        self.ended = False
        self.changed = threading.Condition()
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self):
        number = None
        try:
            for line in self.answer:
                line = line.decode().rstrip("\n")
                with self.changed:
                    if line.startswith("id: "):
                        number = int(line[4:])
                    elif line.startswith("data: "):
                        self.events.append(json.loads(line[6:]))
                        self.ids.append(number)
                    elif line.startswith(":"):
                        self.comments += 1
                    self.changed.notify_all()
        # AttributeError: http.client closes what close() below has closed already.
        except (OSError, ValueError, AttributeError, http.client.HTTPException):
            pass
        with self.changed:
            self.ended = True
            self.changed.notify_all()

    def wait_for(self, wanted, limit=LIMIT):
        """The first event that fits, after all that came before."""
        with self.changed:
            fits = lambda: next((event for event in self.events if wanted(event)), None)  # noqa: E731
            assert self.changed.wait_for(lambda: fits() or self.ended, limit), self.events[-5:]
            found = fits()
            assert found, ("the stream ended", self.events[-5:])
            return found

    def until_end(self, run=None):
        self.wait_for(lambda event: event["type"] in ("RUN_FINISHED", "RUN_ERROR") and
                      (run is None or event["runId"] == run))
        with self.changed:
            return list(self.events)

    def close(self):
        try:
            self.connection.sock.shutdown(socket.SHUT_RDWR)
        except (OSError, AttributeError):
            pass
        self.connection.close()


def text_of(events):
    return "".join(event["delta"] for event in events if event["type"] == "TEXT_MESSAGE_CONTENT")


def custom(events, name):
    return [event["value"] for event in events
            if event["type"] == "CUSTOM" and event["name"] == name]

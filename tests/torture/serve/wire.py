"""HTTP as a person's browser speaks it, with a wait that can be given up at any moment.

http.client blocks until its time limit. A person at a shop whose instance was stopped goes to
another one earlier, so the waits here ask a `patience` function twice a second. One thread a call.
"""
import json
import select
import socket
import time

LOOK = 0.5  # seconds between two questions to `patience`
CONNECT_LIMIT = 10


class NotReached(Exception):
    """Nobody accepted the connection: the request was not sent."""


class Cut(Exception):
    """The connection ended before the answer did: what became of the request is not known."""


class GivenUp(Exception):
    """`patience` was at its end: what became of the request is not known."""


class Answer:
    """A whole answer. `body` is JSON when it says so, else text."""

    def __init__(self, status, headers, data):
        self.status = status
        self.headers = headers
        text = data.decode(errors="replace")
        try:
            self.body = json.loads(text) if headers.get("content-type", "").startswith(
                "application/json") else text
        except ValueError:
            self.body = text

    def message(self):
        return self.body.get("message", "") if isinstance(self.body, dict) else str(self.body)[:200]

    def code(self):
        return self.body.get("code", "") if isinstance(self.body, dict) else ""


class Connection:
    """One request and its answer, read piece by piece."""

    def __init__(self, place, method, path, headers, body, patience):
        self.began = time.monotonic()
        self.patience = patience
        self.buffer = b""
        host, port = place.rsplit(":", 1)
        try:
            self.socket = socket.create_connection((host, int(port)), timeout=CONNECT_LIMIT)
        except OSError as error:
            raise NotReached(str(error)) from error
        lines = [f"{method} {path} HTTP/1.1", f"Host: {place}", "Connection: close"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        if body is not None:
            lines.append(f"Content-Length: {len(body)}")
        try:
            self.socket.sendall(("\r\n".join(lines) + "\r\n\r\n").encode() + (body or b""))
        except OSError as error:
            self.close()
            raise Cut(str(error)) from error

    def close(self):
        self.socket.close()

    def more(self, longest=None):
        """More bytes into the buffer. False at the end, None when `longest` seconds passed."""
        end = None if longest is None else time.monotonic() + longest
        while True:
            wait = LOOK if end is None else max(0.0, min(LOOK, end - time.monotonic()))
            try:
                ready = select.select([self.socket], [], [], wait)[0]
                if ready:
                    data = self.socket.recv(65536)
                    self.buffer += data
                    return bool(data)
            except (OSError, ValueError) as error:
                raise Cut(str(error)) from error
            if self.patience is not None:
                self.patience(time.monotonic() - self.began)
            if end is not None and time.monotonic() >= end:
                return None

    def until(self, mark, longest=None):
        """The bytes before `mark`, or None when `longest` seconds passed."""
        end = None if longest is None else time.monotonic() + longest
        while mark not in self.buffer:
            left = None if end is None else max(0.0, end - time.monotonic())
            came = self.more(left)
            if came is False:
                raise Cut("the connection was closed")
            if came is None:
                return None
        found, _, self.buffer = self.buffer.partition(mark)
        return found

    def exactly(self, size):
        while len(self.buffer) < size:
            if not self.more():
                raise Cut("the connection was closed")
        found, self.buffer = self.buffer[:size], self.buffer[size:]
        return found

    def head(self):
        """Status and headers."""
        while True:
            lines = self.until(b"\r\n\r\n").decode("latin-1").split("\r\n")
            status = int(lines[0].split(" ")[1])
            if status != 100:
                break
        headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            headers[name.strip().lower()] = value.strip()
        return status, headers

    def chunk(self, longest=None):
        """One chunk, b"" at the end, None when `longest` seconds passed."""
        line = self.until(b"\r\n", longest)
        if line is None:
            return None
        try:
            size = int(line.split(b";")[0], 16)
        except ValueError as error:
            raise Cut("no size of a chunk") from error
        data = self.exactly(size)
        self.until(b"\r\n")
        return data

    def rest(self, headers):
        if headers.get("transfer-encoding", "").lower() == "chunked":
            data = b""
            while True:
                chunk = self.chunk()
                data += chunk
                if not chunk:
                    return data
        if "content-length" in headers:
            return self.exactly(int(headers["content-length"]))
        while self.more():
            pass
        return self.buffer


def ask(place, method, path, headers, body=None, patience=None):
    """A request to its end: an Answer, or NotReached, Cut, GivenUp."""
    data = None if body is None else json.dumps(body).encode()
    if data is not None:
        headers = {**headers, "Content-Type": "application/json"}
    connection = Connection(place, method, path, headers, data, patience)
    try:
        status, answered = connection.head()
        return Answer(status, answered, connection.rest(answered))
    finally:
        connection.close()


class Events:
    """An event stream, read on the thread of its user."""

    def __init__(self, place, path, headers, patience=None):
        self.connection = Connection(place, "GET", path, headers, None, patience)
        self.refused = None
        self.text = b""
        try:
            status, answered = self.connection.head()
            self.chunked = answered.get("transfer-encoding", "").lower() == "chunked"
            if status != 200:
                self.refused = Answer(status, answered, self.connection.rest(answered))
        except BaseException:
            self.connection.close()
            raise

    def next(self, longest):
        """The next event, or None when nothing came for `longest` seconds. Cut at the end."""
        end = time.monotonic() + longest
        while True:
            while b"\n" in self.text:
                line, _, self.text = self.text.partition(b"\n")
                if line.startswith(b"data: "):
                    return json.loads(line[6:])
            left = end - time.monotonic()
            if left <= 0:
                return None
            if self.chunked:
                data = self.connection.chunk(left)
            else:
                came = self.connection.more(left)
                data, self.connection.buffer = self.connection.buffer, b""
                if came is None:
                    data = None
            if data == b"":
                raise Cut("the stream ended")
            self.text += data or b""

    def close(self):
        self.connection.close()

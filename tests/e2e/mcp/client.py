"""An MCP client, a person at a terminal, and a shop that can be slow. Standard library only.

The client speaks either era over the pipes of a `cartpilot mcp` it started; the person runs
`cartpilot approve` on a pseudo-terminal of their own, as on another window.
"""
import http.client
import http.server
import json
import os
import pty
import queue
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

PROGRAM = os.environ["CARTPILOT_PROGRAM"]
MODERN = "2026-07-28"
LEGACY = ["2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"]
LIMIT = 60  # seconds that any wait may take


class Home:
    """A state folder of its own."""

    def __init__(self):
        self.path = tempfile.mkdtemp(prefix="cartpilot-mcp-")

    def environment(self, **more):
        kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        return {**kept, "HOME": self.path, "XDG_STATE_HOME": self.path + "/state",
                "XDG_CONFIG_HOME": self.path + "/config", "TERM": "dumb", **more}

    def run(self, *words):
        """Runs a command to its end, without a terminal."""
        return subprocess.run([PROGRAM, *words], env=self.environment(), stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=LIMIT, start_new_session=True)

    def open_questions(self):
        return json.loads(self.run("approve", "--list", "--json").stdout)

    def purchases(self):
        return json.loads(self.run("purchases", "list", "--json").stdout)

    def remove(self):
        shutil.rmtree(self.path, ignore_errors=True)


class Client:
    """One client and the server it started."""

    def __init__(self, home, *flags, era=MODERN, environment=None, capabilities=None):
        self.era = era
        self.capabilities = capabilities or {}
        self.errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            [PROGRAM, "mcp", *flags], env=home.environment(**(environment or {})),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors,
            start_new_session=True)
        self.messages = queue.Queue()
        self.lines = []
        self.waiting = {}
        self.notifications = []
        self.asked_of_us = []
        self.next_id = 0
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        if era != MODERN:
            answer = self.request("initialize", {
                "protocolVersion": era, "capabilities": self.capabilities,
                "clientInfo": {"name": "test", "version": "1"}})
            assert answer["result"]["protocolVersion"] == era, answer
            self.send({"jsonrpc": "2.0", "method": "notifications/initialized"})

    def _read(self):
        for line in self.process.stdout:
            self.lines.append(line)
            self.messages.put(json.loads(line))
        self.messages.put(None)

    def send(self, message):
        self.process.stdin.write(json.dumps(message).encode() + b"\n")
        self.process.stdin.flush()

    def start(self, method, params=None, meta=None):
        """Sends a request; returns its id."""
        self.next_id += 1
        params = dict(params or {})
        marks = dict(meta or {})
        if self.era == MODERN:
            marks["io.modelcontextprotocol/protocolVersion"] = MODERN
            marks["io.modelcontextprotocol/clientCapabilities"] = self.capabilities
        if marks:
            params["_meta"] = marks
        self.send({"jsonrpc": "2.0", "id": self.next_id, "method": method, "params": params})
        return self.next_id

    def wait(self, request_id, limit=LIMIT):
        """The answer to a request. None when the server ended, or nothing came."""
        end = time.monotonic() + limit
        while request_id not in self.waiting:
            try:
                message = self.messages.get(timeout=max(0.0, end - time.monotonic()))
            except queue.Empty:
                return None
            if message is None:
                return None
            if "method" in message and "id" in message:
                self.asked_of_us.append(message)
                self.answer_request(message)
            elif "method" in message:
                self.notifications.append(message)
            else:
                self.waiting[message["id"]] = message
        return self.waiting.pop(request_id)

    def answer_request(self, message):
        """What this client says when the server asks it something. A server of tools never does."""

    def request(self, method, params=None, meta=None, limit=LIMIT):
        return self.wait(self.start(method, params, meta), limit)

    def start_call(self, tool, meta=None, **arguments):
        return self.start("tools/call", {"name": tool, "arguments": arguments}, meta)

    def call(self, tool, meta=None, **arguments):
        """The result of a tool call."""
        return self.request("tools/call", {"name": tool, "arguments": arguments}, meta)["result"]

    def cancel(self, request_id):
        self.send({"jsonrpc": "2.0", "method": "notifications/cancelled",
                   "params": {"requestId": request_id}})

    def json_of(self, result):
        """The JSON in the last text block."""
        return json.loads(result["content"][-1]["text"])

    def code_of(self, result):
        return self.json_of(result).get("error_code")

    def get(self, tool, **arguments):
        result = self.call(tool, **arguments)
        assert not result.get("isError"), result
        return self.json_of(result)

    def prepare(self, wish="wireless headphones", quantity=1):
        """A checkout that waits for approval: its id and its total in cents."""
        intent = self.get("create_intent", query=wish)
        offers = self.get("get_intent_offers", intent_id=intent["id"])
        offer = next(o for o in offers["items"] if o.get("items"))
        items = [{"product_id": offer["items"][0]["product_id"], "quantity": quantity}]
        checkout = self.get("create_checkout", offer_id=offer["id"], items=items)
        self.get("quote_checkout", checkout_id=checkout["id"], items=items)
        frozen = self.get("request_approval", checkout_id=checkout["id"])
        return frozen["id"], frozen["total"]["amount"]

    def orders(self):
        return self.get("list_orders")["items"]

    def wait_for_state(self, checkout, wanted):
        end = time.monotonic() + LIMIT
        while time.monotonic() < end:
            status = self.get("get_approval_status", checkout_id=checkout)
            if status["state"] == wanted:
                return status
            time.sleep(0.05)
        raise AssertionError(f"never became {wanted}: {status}")

    def errors_text(self):
        self.errors.seek(0)
        return self.errors.read().decode(errors="replace")

    def close(self):
        """Closes the input and waits for the end; the exit code."""
        if self.process.stdin and not self.process.stdin.closed:
            try:
                self.process.stdin.close()
            except BrokenPipeError:
                pass
        return self.process.wait(LIMIT)

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(LIMIT)
        try:
            self.process.stdin.close()
        except (BrokenPipeError, OSError):
            pass
        self.reader.join(LIMIT)
        self.process.stdout.close()
        self.errors.close()


class HttpServer:
    """A `cartpilot mcp --http` and requests to it."""

    def __init__(self, home, *flags):
        self.errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            [PROGRAM, "mcp", "--http", "0", *flags], env=home.environment(),
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=self.errors,
            start_new_session=True)
        found = None
        end = time.monotonic() + LIMIT
        while not found:
            assert self.process.poll() is None and time.monotonic() < end, self.errors_text()
            found = re.search(r"MCP on http://127\.0\.0\.1:(\d+)/mcp [^\n]*\n", self.errors_text())
            time.sleep(0.02)
        self.port = int(found.group(1))
        self.token = None
        if "--no-token" not in flags:
            found = None
            while not found:
                assert time.monotonic() < end, self.errors_text()
                found = re.search(r"bearer token is in (\S+)\n", self.errors_text())
            self.token_file = found.group(1)
            with open(self.token_file) as file:
                self.token = file.read().strip()

    def errors_text(self):
        self.errors.seek(0)
        return self.errors.read().decode(errors="replace")

    def post(self, message, headers=None, method="POST", path="/mcp"):
        """Status, headers and JSON of the last message of the answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=LIMIT)
        sent = {"Content-Type": "application/json",
                "Accept": "text/event-stream, application/json"}
        if self.token:
            sent["Authorization"] = "Bearer " + self.token
        sent.update(headers or {})
        sent = {name: value for name, value in sent.items() if value is not None}
        body = message if isinstance(message, (bytes, type(None))) else json.dumps(message).encode()
        connection.request(method, path, body, sent)
        answer = connection.getresponse()
        data = answer.read()
        connection.close()
        if answer.getheader("Content-Type") == "text/event-stream":
            data = [line[6:] for line in data.split(b"\n") if line.startswith(b"data: ")][-1]
        return answer.status, dict(answer.getheaders()), json.loads(data) if data else None

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(LIMIT)
        self.errors.close()


class HttpClient(Client):
    """The same client over HTTP."""

    def __init__(self, server, era=MODERN, capabilities=None):
        self.server = server
        self.era = era
        self.capabilities = capabilities or {}
        self.next_id = 0
        self.session = None
        self.threads = {}
        if era != MODERN:
            answer = self.request("initialize", {
                "protocolVersion": era, "capabilities": {},
                "clientInfo": {"name": "test", "version": "1"}})
            assert answer["result"]["protocolVersion"] == era, answer

    def send(self, message):
        headers = {}
        if self.era == MODERN:
            headers = {"MCP-Protocol-Version": MODERN, "Mcp-Method": message["method"]}
            if message["method"] == "tools/call":
                headers["Mcp-Name"] = message["params"]["name"]
        elif self.session:
            headers = {"Mcp-Session-Id": self.session, "MCP-Protocol-Version": self.era}
        thread = threading.Thread(target=self._post, args=(message, headers), daemon=True)
        thread.answer = None
        self.threads[message["id"]] = thread
        thread.start()

    def _post(self, message, headers):
        _, answered, answer = self.server.post(message, headers)
        if "Mcp-Session-Id" in answered:
            self.session = answered["Mcp-Session-Id"]
        threading.current_thread().answer = answer

    def wait(self, request_id, limit=LIMIT):
        thread = self.threads.pop(request_id)
        thread.join(limit)
        return thread.answer


class Person:
    """Runs `cartpilot approve`, or another command, on a terminal of their own."""

    def __init__(self, home, *words, command="approve"):
        self.screen = ""
        self.child, self.terminal = pty.fork()
        if self.child == 0:
            os.execve(PROGRAM, [PROGRAM, command, *words], home.environment())

    def wait_for(self, pattern):
        end = time.monotonic() + LIMIT
        while True:
            found = re.search(pattern, self.screen)
            if found:
                return found
            if time.monotonic() > end:
                raise AssertionError(f"not on the screen: {pattern}\n{self.screen}")
            if not select.select([self.terminal], [], [], 1)[0]:
                continue
            try:
                data = os.read(self.terminal, 65536)
            except OSError:
                data = b""
            if not data:
                raise AssertionError(f"ended before {pattern}:\n{self.screen}")
            self.screen += data.decode(errors="replace")

    def question(self):
        """Total and code, once the question waits for its answer."""
        found = self.wait_for(r"Type the total \(([^)]*)\) and the code \((\w{4})\)[\s\S]*?s\]: ")
        return found.group(1), found.group(2)

    def type(self, text):
        os.write(self.terminal, text.encode())

    def say_yes(self):
        total, code = self.question()
        self.type(f"{total} {code}\n")
        return self.finish()

    def finish(self):
        while True:
            try:
                data = os.read(self.terminal, 65536)
            except OSError:
                break
            if not data:
                break
            self.screen += data.decode(errors="replace")
        os.close(self.terminal)
        return os.waitstatus_to_exitcode(os.waitpid(self.child, 0)[1])

    def stop(self):
        """Ends it, whatever it waits for."""
        os.kill(self.child, signal.SIGTERM)
        self.finish()


class Page:
    """A browser at the approval page of a server, without its screen."""

    def __init__(self, errors_text):
        end = time.monotonic() + LIMIT
        found = None
        while not found:
            assert time.monotonic() < end, errors_text()
            found = re.search(r"Approval page on http://127\.0\.0\.1:(\d+)/ ", errors_text())
            time.sleep(0.02)
        self.port = int(found.group(1))
        self.place = f"127.0.0.1:{self.port}"
        self.url = f"http://{self.place}/"
        self.headers = {}

    def send(self, method, path, body=None, headers=None):
        """Status, headers and JSON. Headers that are None are left out."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=LIMIT)
        sent = dict(self.headers)
        if method == "POST":
            sent.update({"Origin": f"http://{self.place}", "Content-Type": "application/json"})
        sent.update(headers or {})
        sent = {name: value for name, value in sent.items() if value is not None}
        connection.request(method, path, None if body is None else json.dumps(body).encode(), sent)
        answer = connection.getresponse()
        data = answer.read()
        connection.close()
        kind = answer.getheader("Content-Type")
        return (answer.status, dict(answer.getheaders()),
                json.loads(data) if kind == "application/json" else data.decode())

    def pair(self, home):
        """Types the code that `cartpilot pair` shows; what stood on its terminal."""
        terminal = Person(home, command="pair")
        code = terminal.wait_for(r"Pairing code: ([a-z]{4}-[a-z]{4})").group(1)
        assert self.url in terminal.screen, terminal.screen
        status, headers, body = self.send("POST", "/pair", {"code": code})
        assert status == 200, body
        self.headers = {"Cookie": headers["Set-Cookie"].split(";")[0], "X-Page-Key": body["key"]}
        assert terminal.finish() == 0, terminal.screen
        return code

    def question(self):
        end = time.monotonic() + LIMIT
        while time.monotonic() < end:
            question = self.send("GET", "/question")[2]["question"]
            if question:
                return question
            time.sleep(0.05)
        raise AssertionError("no question came to the page")

    def shown(self):
        """Token, total and code of the answer to the present question."""
        status, _, body = self.send("POST", "/shown", {"token": self.question()["token"]})
        assert status == 200, body
        total, code = re.fullmatch(r"Type the total \((.*)\) and the code \((.*)\) to buy",
                                   body["request"]).groups()
        return body["token"], f"{total} {code}"

    def say_yes(self):
        token, typed = self.shown()
        return self.send("POST", "/answer", {"token": token, "typed": typed})[2]


class Sandbox:
    """The embedded CartPilot as a process of its own, behind a door that can be slow."""

    def __init__(self, home):
        self.process = subprocess.Popen(
            [PROGRAM, "sandbox", "--port", "0", "--db", ":memory:"], env=home.environment(),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, start_new_session=True)
        port = int(re.search(r"http://127\.0\.0\.1:(\d+)", self.process.stdout.readline()).group(1))
        sandbox = self
        self.inner_port = port
        self.credentials = None  # of whoever asked last
        self.rewritten = (b"", b"", 0)  # what stands in answers, and what takes its place
        self.confirms = 0
        self.confirm_came = threading.Event()
        self.confirm_may_go = threading.Event()
        self.confirm_may_go.set()
        self.confirm_is_done = threading.Event()

        class Door(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def pass_on(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                is_confirm = self.path.endswith("/confirm")
                sandbox.credentials = self.headers.get("Authorization")
                if is_confirm:
                    sandbox.confirms += 1
                    sandbox.confirm_came.set()
                    sandbox.confirm_may_go.wait(LIMIT)
                inner = http.client.HTTPConnection("127.0.0.1", port, timeout=LIMIT)
                headers = {name: value for name, value in self.headers.items()
                           if name.lower() not in ("host", "connection")}
                inner.request(self.command, self.path, body or None, headers)
                answer = inner.getresponse()
                data = answer.read().replace(*sandbox.rewritten)
                if is_confirm:
                    sandbox.confirm_is_done.set()
                try:
                    self.send_response(answer.status)
                    for name, value in answer.getheaders():
                        if name.lower() not in ("content-length", "connection", "date", "server",
                                                "transfer-encoding"):
                            self.send_header(name, value)
                    self.send_header("Content-Length", str(len(data)))
                    self.end_headers()
                    self.wfile.write(data)
                except (BrokenPipeError, ConnectionResetError):
                    pass
                inner.close()

            do_GET = do_POST = pass_on

            def log_message(self, *_):
                pass

        self.door = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Door)
        self.door.daemon_threads = True
        threading.Thread(target=self.door.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.door.server_address[1]}"

    def quote_again(self, checkout, quantity):
        """As another program of the same account would: another number of the same product."""
        def ask(method, path, body=None):
            inner = http.client.HTTPConnection("127.0.0.1", self.inner_port, timeout=LIMIT)
            inner.request(method, path, body and json.dumps(body), {
                "Authorization": self.credentials, "Content-Type": "application/json",
                "Idempotency-Key": f"quote-again-{quantity}"})
            answer = inner.getresponse()
            data = json.loads(answer.read())
            inner.close()
            assert answer.status == 200, data
            return data
        path = f"/checkouts/{checkout}"
        items = [{"product_id": item["product_id"], "quantity": quantity}
                 for item in ask("GET", path)["frozen_receipt"]["items"]]
        ask("POST", path + "/quote", {"items": items})

    def stop(self):
        self.confirm_may_go.set()
        self.door.shutdown()
        self.door.server_close()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(LIMIT)
        self.process.stdout.close()

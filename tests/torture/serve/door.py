"""What stands between the instances and CartPilot: passes everything on and writes it down.

Confirms meet faults of the network at random: the request never arrives, or its answer is lost,
late, cut, or another program's. With `broken`, it is a CartPilot that cheats, to show that the
judge sees it (prove.py).
"""
import http.client
import http.server
import json
import queue
import random
import select
import socket
import threading
import time

LIMIT = 60
MAX_INNER = 64  # the sandbox takes 128 connections
PAGE = b"<html><body>Bad gateway</body></html>"

# What may happen to a confirm, and how often of a hundred.
FAULTS = [("never_arrives", 4), ("answer_lost", 6), ("answer_cut", 2), ("slow_before", 4),
          ("slow_after", 4), ("gateway_before", 2), ("gateway_after", 2)]

# A slow look at CartPilot's health takes longer than a conversation that is opened waits for it.
SLOW_LOOK_SECONDS = 3
# At so many of all confirms an instance is hit within so many seconds.
STRIKES = 0.12
STRIKE_SECONDS = 0.2


class Door:
    def __init__(self, port, seed, log, broken=None, share=1.0,
                 slow_health=0.0):
        self.inner_port = port
        self.random = random.Random(f"{seed} door")
        self.share = share  # of the faults; 0 = none
        self.slow_health = slow_health  # so many of the looks at CartPilot's health are slow
        self.broken = broken
        self.lock = threading.Lock()
        self.log = open(log, "w")
        self.confirms = 0
        self.faults = {}
        self.strike = None  # called at some confirms, while they are on their way (chaos.py)
        self.idle = queue.LifoQueue()
        self.room = threading.Semaphore(MAX_INNER)
        door = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def handle_any(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                try:
                    door.handle(self, body)
                except OSError:
                    self.close_connection = True

            do_GET = do_POST = handle_any

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 256

            def handle_error(self, *_):
                """A client that is gone: instances are killed all the time."""

        self.server = Server(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
        with self.lock:
            self.log.close()

    def note(self, **line):
        with self.lock:
            if not self.log.closed:
                self.log.write(json.dumps({"time": round(time.time(), 3), **line}) + "\n")
                self.log.flush()

    def draw(self):
        with self.lock:
            return self.random.random()

    def pick(self):
        with self.lock:
            self.confirms += 1
            drawn = self.random.random() * 100
            for name, share in FAULTS:
                drawn -= share * self.share
                if drawn < 0:
                    self.faults[name] = self.faults.get(name, 0) + 1
                    return name, self.random.uniform(0.3, 6)
        return "", 0.0

    def inner(self, method, path, body, headers):
        """Status, headers and body of CartPilot's answer."""
        with self.room:
            try:
                connection = self.idle.get_nowait()
            except queue.Empty:
                connection = http.client.HTTPConnection("127.0.0.1", self.inner_port,
                                                        timeout=LIMIT)
            if connection.sock is not None and stale(connection.sock):
                connection.close()
            try:
                connection.request(method, path, body or None, headers)
                answer = connection.getresponse()
                data = answer.read()
            except Exception:
                connection.close()
                raise
            self.idle.put(connection)
            return answer.status, answer.getheaders(), data

    def handle(self, request, body):
        headers = {name: value for name, value in request.headers.items()
                   if name.lower() not in ("host", "connection")}
        confirms = request.command == "POST" and request.path.endswith("/confirm")
        if not confirms:
            if request.path == "/health" and self.draw() < self.slow_health:
                self.note(slow=request.path)
                with self.lock:
                    self.faults["slow_health"] = self.faults.get("slow_health", 0) + 1
                time.sleep(SLOW_LOOK_SECONDS)
            self.send(request, *self.inner(request.command, request.path, body, headers))
            return
        checkout = request.path.split("/")[-2]
        key = request.headers.get("Idempotency-Key", "")
        fault, pause = self.pick()
        self.note(confirm=checkout, key=key, fault=fault)
        if self.strike is not None and self.draw() < STRIKES:
            threading.Timer(self.draw() * STRIKE_SECONDS, self.strike).start()
        if fault == "never_arrives":
            return self.hang_up(request)
        if fault == "gateway_before":
            return self.send(request, 502, [("Content-Type", "text/html")], PAGE)
        if fault == "slow_before":
            time.sleep(pause)
        if self.broken:
            status, answered, data = getattr(self, self.broken)(checkout, request.path, body,
                                                                headers)
        else:
            status, answered, data = self.inner("POST", request.path, body, headers)
        self.note(answered=checkout, key=key, status=status)
        if fault == "answer_lost":
            return self.hang_up(request)
        if fault == "gateway_after":
            return self.send(request, 502, [("Content-Type", "text/html")], PAGE)
        if fault == "slow_after":
            time.sleep(pause)
        cut_at = len(data) // 2 if fault == "answer_cut" else None
        self.send(request, status, answered, data, cut_at)

    def send(self, request, status, headers, data, cut_at=None):
        request.send_response(status)
        for name, value in headers:
            if name.lower() not in ("content-length", "connection", "date", "server",
                                    "transfer-encoding"):
                request.send_header(name, value)
        request.send_header("Content-Length", str(len(data)))
        request.end_headers()
        request.wfile.write(data[:cut_at])
        if cut_at is not None:
            self.hang_up(request)

    def hang_up(self, request):
        request.close_connection = True
        request.connection.shutdown(socket.SHUT_RDWR)

    # CartPilots that cheat.

    def ask(self, method, path, body, headers, key):
        kept = {name: value for name, value in headers.items()
                if name.lower() in ("authorization", "content-type")}
        sent = {**kept, "Content-Type": "application/json", "Idempotency-Key": key}
        status, _, data = self.inner(method, path, json.dumps(body).encode() if body is not None
                                     else None, sent)
        assert status in (200, 201), (status, data)
        return json.loads(data)

    def buys_again(self, checkout, path, body, headers):
        """Confirms, makes the same checkout once more, and confirms that under a new key."""
        answer = self.inner("POST", path, body, headers)
        if answer[0] == 200:
            first = self.ask("GET", f"/checkouts/{checkout}", None, headers, "")
            items = [{"product_id": item["product_id"], "quantity": item["quantity"]}
                     for item in first["items"]]
            second = self.ask("POST", "/checkouts", {"offer_id": first["offer_id"],
                                                     "items": items}, headers,
                              f"again {checkout}")["id"]
            self.ask("POST", f"/checkouts/{second}/quote", {"items": items}, headers,
                     f"quote {second}")
            self.ask("POST", f"/checkouts/{second}/request-approval", {}, headers, f"ask {second}")
            self.ask("POST", f"/checkouts/{second}/approve", {"approved_by": "user"}, headers,
                     f"approve {second}")
            self.inner("POST", f"/checkouts/{second}/confirm", body,
                       {**headers, "Idempotency-Key": f"confirm {second}"})
        return answer

    def says_bought(self, checkout, path, body, headers):
        """Answers as if it were bought, and books nothing."""
        shown = self.ask("GET", f"/checkouts/{checkout}", None, headers, "")
        answer = {"checkout_id": checkout, "merchant_order_id": "ORD-NEVER-BOOKED",
                  "order_id": None, "status": "confirmed", "total": shown["total"],
                  "confirmed_at": shown.get("approved_at")}
        return 200, [("Content-Type", "application/json")], json.dumps(answer).encode()

    def hides_order(self, checkout, path, body, headers):
        """Books, and says that the checkout was not approved."""
        self.inner("POST", path, body, headers)
        answer = {"error_code": "NOT_APPROVED", "message": "Checkout must be approved",
                  "details": [], "request_id": "hidden"}
        return 400, [("Content-Type", "application/json")], json.dumps(answer).encode()

    def sells_two(self, checkout, path, body, headers):
        """Books two pieces of what was agreed to once."""
        shown = self.ask("GET", f"/checkouts/{checkout}", None, headers, "")
        items = [{"product_id": item["product_id"], "quantity": item["quantity"] + 1}
                 for item in shown["items"]]
        base = f"/checkouts/{checkout}"
        try:
            self.ask("POST", base + "/quote", {"items": items}, headers, f"two {checkout}")
            self.ask("POST", base + "/request-approval", {}, headers, f"ask two {checkout}")
            self.ask("POST", base + "/approve", {"approved_by": "user"}, headers,
                     f"approve two {checkout}")
        except AssertionError:
            pass  # sold out, say: the honest confirm follows
        return self.inner("POST", path, body, headers)


def stale(sock):
    """Whether the other side closed a connection that waits to be used again."""
    return bool(select.select([sock], [], [], 0)[0])


BROKEN = ("buys_again", "says_bought", "hides_order", "sells_two")

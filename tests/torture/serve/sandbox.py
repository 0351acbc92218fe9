"""The CartPilot of a run, and the truth: what its merchants booked."""
import datetime
import json
import os
import re
import signal
import sqlite3
import subprocess

from folder import PROGRAM


def unix_time(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def lines_of(items):
    """What was bought, in an order of its own: (product, variant, quantity, price of one)."""
    return tuple(sorted((item["product_id"], item.get("variant_id") or "", item["quantity"],
                         item["unit_price"]["amount"]) for item in items))


class Sandbox:
    """`cartpilot sandbox` as a process of its own, which nobody kills."""

    def __init__(self, folder, seed):
        self.file = os.path.join(folder.sub("sandbox"), "shop.db")
        self.errors = open(os.path.join(folder.logs, "sandbox.log"), "wb")
        self.process = subprocess.Popen(
            [PROGRAM, "sandbox", "--port", "0", "--db", self.file, "--seed", str(seed)],
            env=folder.environment("sandbox"), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=self.errors, text=True, start_new_session=True)
        line = self.process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:(\d+)", line)
        assert found, f"the sandbox did not start: {line}"
        self.port = int(found.group(1))

    def rows(self, query):
        database = sqlite3.connect(f"file:{self.file}?mode=ro", uri=True, timeout=30)
        try:
            return database.execute(query).fetchall()
        finally:
            database.close()

    def orders(self):
        """All orders, with the conversation that made the checkout."""
        # An intent carries the conversation that asked for it, so an order nobody knows is found.
        session_of = {}
        for checkout, session in self.rows(
                "SELECT c.id, json_extract(i.document, '$.session_id') FROM checkouts c "
                "LEFT JOIN offers o ON o.id = json_extract(c.document, '$.offer_id') "
                "LEFT JOIN intents i ON i.id = o.intent_id"):
            session_of[checkout] = session or ""
        orders = []
        for (document,) in self.rows("SELECT document FROM orders ORDER BY number"):
            order = json.loads(document)
            orders.append({
                "id": order["id"], "checkout": order["checkout_id"],
                "merchant": order["merchant_id"], "number": order["merchant_order_id"],
                "total": order["total"]["amount"], "currency": order["total"]["currency"],
                "lines": lines_of(order["items"]), "time": unix_time(order["created_at"]),
                "conversation": session_of.get(order["checkout_id"], "")})
        return orders

    def bookings(self):
        """The merchants' own view: order numbers of what they booked."""
        return [number for (number,) in self.rows(
            "SELECT json_extract(document, '$.merchant_order_id') FROM merchant_sessions "
            "WHERE json_extract(document, '$.status') = 'confirmed'")]

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        self.errors.close()

"""`cartpilot serve` behind nginx, with the file of docs/examples."""
import http.server
import os
import signal
import threading
import unittest

from pages import Browser, Serve, custom
from client import Home
from nginx import Nginx, basic, free_port
from postgres import Postgres, takes_database

WISH = "wireless headphones under $100"
SECRET = "what-only-the-proxy-knows"
PASSWORDS = {"ada": "lovelace", "ben": "franklin"}
TAKES_DATABASE = takes_database()


class NginxCase(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.home = Home()
        self.addCleanup(self.home.remove)
        self.secret = os.path.join(self.home.path, "secret")
        with open(self.secret, "w", encoding="utf-8") as file:
            file.write(SECRET + "\n")
        os.chmod(self.secret, 0o600)

    def serve(self, *flags, home=None):
        serve = Serve(home or self.home, "--demo", "--auth-header",
                      "X-Forwarded-User", "--auth-secret-file", self.secret, *flags)
        self.addCleanup(lambda: serve.errors.closed or serve.stop(signal.SIGKILL))
        return serve

    def front(self, *serves, changes=(), port=None):
        front = Nginx([serve.place for serve in serves], SECRET, PASSWORDS, changes, port)
        front.home = self.home
        self.addCleanup(front.stop)
        return front

    def signed_in(self, front, name, **headers):
        browser = Browser(front, Authorization=basic(name, PASSWORDS[name]), **headers)
        me = browser.ask("GET", "/api/me")
        self.assertEqual((me["person"], me["mode"]), (name, "proxy"))
        browser.headers["X-Page-Key"] = me["key"]
        return browser

    def buy(self, browser, say_yes=None):
        """A whole purchase; `say_yes` may be another browser of the same person."""
        conversation = browser.begin()
        browser.turn(conversation, WISH)
        browser.turn(conversation, "the first one")
        stream = browser.watch(conversation)
        self.addCleanup(stream.close)
        run = browser.say(conversation, "buy it")
        # The turn waits for the yes: what came so far has passed nginx without its end.
        stream.wait_for(lambda event: event["type"] == "RUN_STARTED")
        stream.wait_for(lambda event: event.get("name") == "cartpilot.question")
        with stream.changed:
            self.assertFalse([event for event in stream.events if event["type"] == "RUN_FINISHED"])
        self.assertEqual((say_yes or browser).say_yes()["outcome"], "approved")
        events = stream.until_end(run)
        self.assertEqual(custom(events, "cartpilot.purchase")[0]["state"], "done")
        return conversation


class OneInstance(NginxCase):
    def test_a_password_names_the_person_who_buys_while_events_arrive_one_by_one(self):
        serve = self.serve()
        front = self.front(serve)
        ada, ben = self.signed_in(front, "ada"), self.signed_in(front, "ben")
        conversation = self.buy(ada)
        self.assertEqual(ben.send("GET", f"/api/conversations/{conversation}")[0], 404)
        self.assertEqual(ben.ask("GET", "/api/conversations")["conversations"], [])
        self.assertIn("<html", ada.send("GET", "/")[2])
        self.assertEqual(front.problems(), [])
        self.assertEqual(serve.stop(), 0)

    def test_what_a_client_says_about_itself_is_not_believed(self):
        front = self.front(self.serve())
        forged = {"X-Forwarded-User": "ben", "X-Cartpilot-Secret": SECRET}
        self.assertEqual(Browser(front, **forged).send("GET", "/api/me")[0], 401)
        # ... nor is a second name, or a guessed password.
        self.signed_in(front, "ada", **forged)
        self.signed_in(front, "ada", **{"X-Forwarded-User": ["ben", "eve"]})
        wrong = Browser(front, Authorization=basic("ben", "lovelace"), **forged)
        for method, path in (("GET", "/"), ("GET", "/api/me"), ("POST", "/api/conversations"),
                             ("POST", "/agui"), ("GET", "/v1/../api/me"), ("GET", "//api/me")):
            self.assertEqual(wrong.send(method, path)[0], 401, path)

    def test_the_password_goes_no_further(self):
        seen = []

        class Behind(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                seen.append(self.headers.items())
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        behind = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Behind)
        self.addCleanup(behind.server_close)
        threading.Thread(target=behind.serve_forever, daemon=True).start()
        self.addCleanup(behind.shutdown)
        front = Nginx([f"127.0.0.1:{behind.server_address[1]}"], SECRET, PASSWORDS)
        self.addCleanup(front.stop)
        headers = {"X-Forwarded-User": "ben", "X-Cartpilot-Secret": "forged", "X-Page-Key": "key",
                   "X-Cartpilot-Relay": "forged"}
        for path, password, wanted in (
                ("/api/me", basic("ada", "lovelace"),
                 {"X-Forwarded-User": "ada", "X-Page-Key": "key"}),
                ("/v1/models", "Bearer cp_1",
                 {"Authorization": "Bearer cp_1", "X-Page-Key": "key"}),
                ("/mcp", basic("ada", "guessed"),
                 {"Authorization": basic("ada", "guessed"), "X-Page-Key": "key"})):
            seen.clear()
            connection = front.connect()
            connection.request("GET", path, headers={**headers, "Authorization": password})
            self.assertEqual(connection.getresponse().status, 200)
            connection.close()
            got = [one for one in seen[0] if one[0] not in ("Accept-Encoding",)]
            self.assertEqual(sorted(got), sorted({
                "Host": front.place, "X-Cartpilot-Secret": SECRET, **wanted}.items()), path)

    def test_a_service_that_signs_people_in_may_name_them_instead(self):
        class SignedIn(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                name = {"session=a": "ada", "session=b": "ben"}.get(self.headers["Cookie"])
                self.send_response(202 if name else 401)
                if name:
                    self.send_header("X-Auth-Request-User", name)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        service = http.server.ThreadingHTTPServer(("127.0.0.1", 0), SignedIn)
        self.addCleanup(service.server_close)
        threading.Thread(target=service.serve_forever, daemon=True).start()
        self.addCleanup(service.shutdown)
        lines = ("location = /signed-in {", "  internal;", "  proxy_pass_request_body off;",
                 "  proxy_set_header Host $http_host;", "  proxy_set_header Cookie $http_cookie;",
                 '  proxy_set_header Content-Length "";', "}\n}")
        front = self.front(self.serve(), changes=(
            ("    auth_basic ", "    # auth_basic "),
            ("    auth_basic_user_file ", "    # auth_basic_user_file "),
            ("    set $cartpilot_person $remote_user;", "    # "),
            ("    # auth_request", "    auth_request"),
            ("http://127.0.0.1:4180/oauth2/auth",
             f"http://127.0.0.1:{service.server_address[1]}/"),
            ("  #   proxy_pass http", "    proxy_pass http"),
            *((f"  # {line}", f"  {line}") for line in lines)))
        nobody = Browser(front, **{"X-Forwarded-User": "ada"})
        self.assertEqual(nobody.send("GET", "/api/me")[0], 401)
        guessed = Browser(front, Authorization=basic("ada", "guessed"))
        self.assertEqual(guessed.send("GET", "/api/me")[0], 401)
        for cookie, name in (("session=a", "ada"), ("session=b", "ben")):
            browser = Browser(front, Cookie=cookie, **{"X-Forwarded-User": "eve"})
            self.assertEqual(browser.ask("GET", "/api/me")["person"], name)

    def test_programs_come_with_a_token_and_without_a_password(self):
        port = free_port()
        serve = self.serve("--openai-api", "--mcp", "--public-url", f"http://127.0.0.1:{port}/")
        front = self.front(serve, port=port)
        token = self.home.run("token", "new", "chat", "--person", "ada").stdout.strip()
        bearer = {"Authorization": f"Bearer {token}", "Origin": None}
        program = Browser(front, **bearer)
        self.assertEqual(
            [model["id"] for model in program.ask("GET", "/v1/models")["data"]], ["cartpilot"])
        # The token is none for the page, and a password is no token.
        self.assertEqual(program.send("GET", "/api/me")[0], 401)
        person = Browser(front, Authorization=basic("ada", "lovelace"))
        for path in ("/v1/models", "/mcp"):
            self.assertEqual(person.send("GET", path)[0], 401, path)
        body = {"model": "cartpilot", "stream": True,
                "messages": [{"role": "user", "content": WISH}]}
        status, headers, text = program.send("POST", "/v1/chat/completions", body)
        self.assertEqual((status, headers["Content-Type"]), (200, "text/event-stream"))
        self.assertTrue(text.endswith("data: [DONE]\n\n"), text[-200:])
        opened = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
            "protocolVersion": "2025-11-25", "capabilities": {},
            "clientInfo": {"name": "test", "version": "1"}}}
        status, headers, answer = program.send(
            "POST", "/mcp", opened, {"Accept": "application/json, text/event-stream"})
        self.assertEqual((status, answer["result"]["protocolVersion"]), (200, "2025-11-25"))
        self.assertIn("Mcp-Session-Id", headers)
        ada = self.signed_in(front, "ada")
        self.assertEqual(len(ada.ask("GET", "/api/conversations")["conversations"]), 1)

    def test_health_is_told_to_this_machine_and_limits_hold(self):
        front = self.front(self.serve())
        anybody = Browser(front)
        self.assertEqual(anybody.ask("GET", "/healthz"), {"ok": True})
        self.assertEqual(anybody.ask("GET", "/readyz"), {"ready": True})
        ada = self.signed_in(front, "ada")
        self.assertEqual(ada.send("POST", "/api/conversations", b"x" * 70000)[0], 413)
        guesses = [Browser(front, Authorization=basic("ada", str(guess))).send("GET", "/api/me")[0]
                   for guess in range(400)]
        self.assertEqual(set(guesses), {401, 429})

    def test_nobody_answers_while_the_program_is_away(self):
        serve = self.serve()
        front = self.front(serve)
        ada = self.signed_in(front, "ada")
        place = serve.place
        self.assertEqual(serve.stop(), 0)
        self.assertEqual(ada.send("GET", "/api/me")[0], 502)
        again = Serve(self.home, "--demo", "--auth-header", "X-Forwarded-User",
                      "--auth-secret-file", self.secret, listen=place)
        self.addCleanup(lambda: again.stop(signal.SIGKILL))
        self.assertEqual(ada.ask("GET", "/api/conversations"), {"conversations": []})


class TwoInstances(NginxCase):
    """On one PostgreSQL database, when the program takes one."""

    def setUp(self):
        super().setUp()
        if not TAKES_DATABASE:
            self.skipTest("this program has no --database")
        self.server = Postgres()
        self.addCleanup(self.server.stop)
        self.database = self.server.create("shop")
        migrated = self.home.run("db", "migrate", "--database", self.database)
        self.assertEqual(migrated.returncode, 0, migrated.stderr)
        self.homes = [self.home, Home()]
        self.addCleanup(self.homes[1].remove)
        self.serves = [self.serve("--database", self.database, home=home) for home in self.homes]

    def on(self, serve, name):
        """The same person at one instance, past nginx."""
        return Browser(serve, name, **{"X-Cartpilot-Secret": SECRET})

    def test_a_person_buys_through_nginx_and_is_the_same_person_everywhere(self):
        front = self.front(*self.serves)
        for name in PASSWORDS:
            conversation = self.buy(self.signed_in(front, name))
            for serve in self.serves:
                listed = self.on(serve, name).ask("GET", "/api/conversations")["conversations"]
                self.assertEqual([entry["id"] for entry in listed], [conversation])
        self.assertEqual(front.problems(), [])
        checked = self.home.run("db", "check", "--database", self.database)
        self.assertEqual(checked.returncode, 0, checked.stderr)

    def test_a_question_is_answered_through_the_other_instance(self):
        first, second = self.serves
        self.buy(self.on(first, "ada"), say_yes=self.on(second, "ada"))

    def test_people_go_on_at_the_other_instance_when_one_ends(self):
        front = self.front(*self.serves)
        browsers = [self.signed_in(front, name) for name in PASSWORDS]
        conversations = [browser.begin() for browser in browsers]
        for browser, conversation in zip(browsers, conversations):
            browser.turn(conversation, WISH)
        self.assertEqual(self.serves[0].stop(), 0)
        for browser, conversation in zip(browsers, conversations):
            browser.turn(conversation, "the first one")
            self.buy(browser)

    def test_people_go_on_at_the_other_instance_when_one_dies(self):
        front = self.front(*self.serves)
        browsers = [self.signed_in(front, name) for name in PASSWORDS]
        self.serves[0].stop(signal.SIGKILL)
        for browser in browsers:
            self.buy(browser)


if __name__ == "__main__":
    unittest.main()

"""`cartpilot serve` as browsers, other front ends and proxies have it."""
import http.client
import json
import os
import shutil
import signal
import stat
import tempfile
import time
import unittest

from pages import Browser, Serve, Stream, custom, text_of
from client import LIMIT, Home, Sandbox

WISH = "I need wireless headphones under $100"


class Case(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.home = Home()
        self.addCleanup(self.home.remove)

    def serve(self, *flags, **more):
        serve = Serve(self.home, *(flags or ("--demo",)), **more)
        self.addCleanup(lambda: serve.errors.closed or serve.stop(signal.SIGKILL))
        return serve

    def behind_proxy(self, *flags):
        folder = tempfile.mkdtemp(prefix="cartpilot-serve-")
        self.addCleanup(shutil.rmtree, folder, True)
        return self.serve("--demo", "--auth-header", "X-Forwarded-User", *flags,
                          listen=f"unix:{folder}/http")

    def prepared(self, browser):
        """A conversation in which the offer was chosen: the model waits for a yes."""
        conversation = browser.begin()
        browser.turn(conversation, WISH)
        browser.turn(conversation, "buy the cheapest")
        return conversation


class OnePerson(Case):
    def test_a_whole_purchase_with_the_yes_given_on_the_page(self):
        serve = self.serve()
        browser = Browser(serve).pair()
        conversation = browser.begin()
        events = browser.turn(conversation, WISH)
        self.assertEqual(events[0]["type"], "RUN_STARTED")
        self.assertEqual(events[1]["name"], "cartpilot.user_message")
        self.assertTrue(text_of(events))
        cards = custom(events, "cartpilot.cards")[0]["cards"]
        self.assertRegex(cards[0]["price"], r"^\d+\.\d\d USD$")
        self.assertEqual(custom(events, "cartpilot.title")[0]["title"], WISH)
        browser.turn(conversation, "buy the cheapest")
        stream = browser.watch(conversation)
        run = browser.say(conversation, "yes")
        opened = stream.wait_for(lambda event: event.get("name") == "cartpilot.question")
        question = browser.question()
        self.assertEqual(opened["value"], {"open": True, "id": question["id"]})
        self.assertEqual(question["conversation"], conversation)
        self.assertEqual(question["conversation_title"], WISH)
        self.assertTrue(browser.ask("GET", "/api/conversations")["conversations"][0]["asks"])
        self.assertEqual(browser.say_yes()["outcome"], "approved")
        events = stream.until_end(run)
        stream.close()
        self.assertEqual(custom(events, "cartpilot.question")[1]["outcome"], "approved")
        purchase = custom(events, "cartpilot.purchase")[0]
        self.assertEqual((purchase["state"], purchase["state_text"]), ("done", "Bought"))
        self.assertTrue(purchase["order_id"] and purchase["lines"] and purchase["merchant"])
        record = self.home.purchases()
        self.assertEqual([(entry["state"], entry["channel"]) for entry in record],
                         [("done", "page")])
        shown = browser.ask("GET", f"/api/conversations/{conversation}")
        self.assertEqual([entry["state_text"] for entry in shown["purchases"]], ["Bought"])
        kept = [message for message in shown["messages"] if "purchase" in message]
        self.assertEqual(kept[0]["purchase"]["total"], purchase["total"])
        self.assertFalse(shown["running"])
        self.assertEqual(serve.stop(), 0)

    def test_no_is_no(self):
        serve = self.serve()
        browser = Browser(serve).pair()
        conversation = self.prepared(browser)
        stream = browser.watch(conversation)
        browser.say(conversation, "yes")
        token, _ = browser.shown()
        self.assertEqual(browser.ask("POST", "/api/question/decline", {"token": token})["outcome"],
                         "declined")
        stream.until_end()
        stream.close()
        self.assertEqual([entry for entry in self.home.purchases() if entry["state"] == "done"], [])
        kept = browser.ask("GET", f"/api/conversations/{conversation}")["messages"]
        self.assertEqual(len([message for message in kept if message.get("note")]), 1)

    def test_a_page_that_was_away_goes_on_where_it_stopped(self):
        browser = Browser(self.serve()).pair()
        conversation = browser.begin()
        whole = browser.watch(conversation)
        browser.say(conversation, WISH)
        events = whole.until_end()
        ids = list(whole.ids)
        whole.close()
        middle = len(ids) // 2
        rest = browser.watch(conversation, ids[middle])
        self.assertEqual(rest.until_end(), events[middle + 1:])
        rest.close()
        lost = browser.watch(conversation, 7)
        snapshot = lost.wait_for(lambda event: True)
        self.assertEqual(snapshot["type"], "MESSAGES_SNAPSHOT")
        self.assertEqual(snapshot["messages"],
                         browser.ask("GET", f"/api/conversations/{conversation}")["messages"])
        lost.close()

    def test_conversations_are_listed_searched_renamed_exported_and_deleted(self):
        browser = Browser(self.serve()).pair()
        first, second = browser.begin(), browser.begin()
        browser.turn(first, WISH)
        browser.turn(second, "a red kettle")
        titles = lambda search="": [  # noqa: E731
            entry["title"] for entry in
            browser.ask("GET", f"/api/conversations?search={search}")["conversations"]]
        self.assertEqual(titles(), ["a red kettle", WISH])
        self.assertEqual(titles("KETTLE"), ["a red kettle"])
        browser.ask("PATCH", f"/api/conversations/{first}", {"title": "Music"})
        self.assertEqual(titles("mus"), ["Music"])
        status, headers, text = browser.send("GET", f"/api/conversations/{first}/export?format=md")
        self.assertEqual(status, 200)
        self.assertIn(f'filename="{first}.md"', headers["Content-Disposition"])
        self.assertIn(WISH, text)
        exported = browser.send("GET", f"/api/conversations/{first}/export?format=json")[2]
        self.assertIn("messages", exported)
        browser.ask("DELETE", f"/api/conversations/{first}")
        self.assertEqual(titles(), ["a red kettle"])
        self.assertEqual(browser.send("GET", f"/api/conversations/{first}")[0], 404)
        self.assertEqual(browser.send("GET", "/api/conversations/../x")[0], 404)

    def test_a_browser_stays_paired_when_the_program_starts_again(self):
        serve = self.serve()
        browser = Browser(serve).pair()
        place = serve.place
        self.assertEqual(serve.stop(), 0)
        browser.serve = self.serve("--demo", listen=place)
        self.assertEqual(browser.ask("GET", "/api/me")["mode"], "pairing")

    def test_who_is_not_paired_gets_the_page_and_nothing_else(self):
        serve = self.serve()
        paired = Browser(serve).pair()
        conversation = paired.begin()
        unpaired = Browser(serve)
        status, headers, text = unpaired.send("GET", "/")
        self.assertEqual(status, 200)
        self.assertIn("default-src 'none'", headers["Content-Security-Policy"])
        self.assertIn("img-src 'none'", headers["Content-Security-Policy"])
        self.assertIn("img-src https:",
                      unpaired.send("GET", "/?pictures=1")[1]["Content-Security-Policy"])
        self.assertIn("<html", text)
        cookie_alone = Browser(serve, Cookie=paired.headers["Cookie"])
        for browser in (unpaired, cookie_alone):
            for method, path in (("GET", "/api/me"), ("GET", "/api/conversations"),
                                 ("POST", "/api/conversations"), ("GET", "/api/question"),
                                 ("GET", f"/api/conversations/{conversation}/events"),
                                 ("POST", f"/api/conversations/{conversation}/stop"),
                                 ("POST", "/agui"), ("POST", "/api/question/answer")):
                self.assertEqual(browser.send(method, path)[0], 401, (method, path))

    def test_requests_of_other_pages_are_refused(self):
        serve = self.serve()
        browser = Browser(serve).pair()
        for headers in ({"Origin": None}, {"Origin": "http://evil.example"}, {"Origin": "null"},
                        {"Origin": f"https://{serve.place}"}):
            self.assertEqual(browser.send("POST", "/api/conversations", {}, headers)[0], 403)
        for host in ("evil.example", "localhost:" + serve.place.split(":")[1], ""):
            self.assertEqual(browser.send("GET", "/api/me", headers={"Host": host})[0], 403)
        self.assertEqual(
            browser.send("GET", "/api/me", headers={"Host": [serve.place, "evil.example"]})[0], 403)

    def test_bad_bodies_are_refused_in_one_sentence(self):
        browser = Browser(self.serve()).pair()
        conversation = browser.begin()
        path = f"/api/conversations/{conversation}/messages"
        for body, status in ((b"{", 400), (b'{"text":1}', 400), (b'{"text":"a","text":"b"}', 400),
                             (b'{"text":"a","more":1}', 400), (b'{"text":"  "}', 400),
                             (b'{"text":"\xff"}', 400), (b"x" * 70000, 413)):
            got, _, answer = browser.send("POST", path, body, {"Content-Type": "application/json"})
            self.assertEqual(got, status, body[:40])
            self.assertRegex(answer["message"], r"\w", body[:40])
        got = browser.send("POST", path, b"{}", {"Content-Type": "text/plain"})
        self.assertEqual(got[0], 415)

    def test_a_second_serve_on_the_same_state_is_refused(self):
        self.serve()
        second = self.home.run("serve", "--listen", "127.0.0.1:0", "--demo")
        self.assertEqual(second.returncode, 1)
        self.assertIn("another 'cartpilot serve' uses the state", second.stderr)
        self.assertEqual(second.stderr.count("\n"), 1, second.stderr)

    def test_all_of_standard_error_is_lines_of_json_when_that_is_wanted(self):
        serve = self.serve("--demo", "--log-format", "json", "--log-level", "info")
        browser = Browser(serve).pair()
        conversation = browser.begin()
        browser.turn(conversation, WISH)
        lines = [json.loads(line) for line in serve.errors_text().splitlines()]
        routes = [(line["method"], line["route"], line["status"])
                  for line in lines if "route" in line]
        self.assertIn(("POST", "/api/conversations/{id}/messages", 202), routes)
        self.assertNotIn("headphones", serve.errors_text())
        self.assertEqual(serve.stop(), 0)

    def test_other_front_ends_speak_ag_ui(self):
        browser = Browser(self.serve()).pair()
        stream = Stream(browser, None, path="/agui", body={
            "threadId": "my-thread", "runId": "my-run", "state": {}, "tools": [], "context": [],
            "forwardedProps": {}, "messages": [{"id": "1", "role": "user", "content": WISH}]})
        events = stream.until_end("my-run")
        stream.thread.join(LIMIT)
        self.assertTrue(stream.ended)
        kinds = [event["type"] for event in events if event["type"] != "CUSTOM"]
        self.assertEqual((kinds[0], kinds[-1]), ("RUN_STARTED", "RUN_FINISHED"))
        self.assertIn("TOOL_CALL_RESULT", kinds)
        stream.close()
        again = Stream(browser, None, path="/agui", body={
            "threadId": "my-thread", "runId": "my-run",
            "messages": [{"id": "1", "role": "user", "content": WISH}]})
        said = [custom(stream, "cartpilot.user_message")[0]["message"]["id"]
                for stream in (events, again.until_end("my-run"))]
        self.assertNotEqual(*said)
        again.close()
        status, _, answer = browser.send("POST", "/agui", {"threadId": "my-thread", "messages": []})
        self.assertEqual(status, 400)
        self.assertIn("last of the messages", answer["message"])


class Stopping(Case):
    def test_a_turn_that_waits_for_an_answer_is_stopped(self):
        browser = Browser(self.serve()).pair()
        conversation = self.prepared(browser)
        stream = browser.watch(conversation)
        browser.say(conversation, "yes")
        browser.question()
        status, _, answer = browser.send("POST", f"/api/conversations/{conversation}/messages",
                                         {"text": "hello"})
        self.assertEqual((status, answer["code"]), (409, "turn_running"))
        self.assertEqual(browser.send("DELETE", f"/api/conversations/{conversation}")[0], 409)
        browser.ask("POST", f"/api/conversations/{conversation}/stop", {})
        events = stream.until_end()
        self.assertTrue(custom(events, "cartpilot.stopped"))
        stream.close()
        self.assertIsNone(browser.ask("GET", "/api/question")["question"])
        self.assertEqual([entry for entry in self.home.purchases() if entry["state"] == "done"], [])

    def test_the_end_of_the_program_waits_for_a_purchase_on_its_way(self):
        sandbox = Sandbox(self.home)
        self.addCleanup(sandbox.stop)
        serve = self.serve("--provider", "offline", "--api-url", sandbox.url)
        browser = Browser(serve).pair()
        conversation = self.prepared(browser)
        sandbox.confirm_may_go.clear()
        browser.say(conversation, "yes")
        self.assertEqual(browser.say_yes()["outcome"], "approved")
        self.assertTrue(sandbox.confirm_came.wait(LIMIT))
        serve.process.send_signal(signal.SIGTERM)
        end = time.monotonic() + LIMIT
        while "Waiting for 1 answer" not in serve.errors_text():
            self.assertLess(time.monotonic(), end)
            time.sleep(0.02)
        self.assertEqual(browser.send("GET", "/readyz")[0], 503)
        sandbox.confirm_may_go.set()
        self.assertEqual(serve.process.wait(LIMIT), 0)
        self.assertEqual([entry["state"] for entry in self.home.purchases()], ["done"])
        self.assertEqual(sandbox.confirms, 1)


class ManyPeople(Case):
    def test_nobody_sees_or_answers_what_belongs_to_another(self):
        serve = self.behind_proxy()
        self.assertEqual(stat.S_IMODE(os.stat(serve.socket).st_mode), 0o600)
        ada, ben = Browser(serve, "ada@example.com"), Browser(serve, "ben")
        conversation = self.prepared(ada)
        stream = ada.watch(conversation)
        ada.say(conversation, "yes")
        token, typed = ada.shown()
        self.assertIsNone(ben.ask("GET", "/api/question")["question"])
        self.assertEqual(ben.ask("GET", "/api/conversations")["conversations"], [])
        for method, what in (("GET", ""), ("GET", "/events"), ("GET", "/export"), ("DELETE", ""),
                             ("POST", "/stop")):
            self.assertEqual(
                ben.send(method, f"/api/conversations/{conversation}{what}")[0], 404, what)
        self.assertEqual(ben.send("POST", "/api/question/answer",
                                  {"token": token, "typed": typed})[0], 409)
        self.assertEqual(ben.send("POST", f"/api/conversations/{conversation}/messages",
                                  {"text": "yes"})[0], 404)
        self.assertEqual(ada.ask("POST", "/api/question/answer",
                                 {"token": token, "typed": typed})["outcome"], "approved")
        events = stream.until_end()
        self.assertEqual(custom(events, "cartpilot.purchase")[0]["state"], "done")
        stream.close()
        self.assertEqual(self.home.purchases(), [])  # the program's own state is nobody's
        orders = lambda browser: [  # noqa: E731
            json.loads(event["content"]) for event in
            browser.turn(browser.begin(), "show my orders") if event["type"] == "TOOL_CALL_RESULT"]
        self.assertEqual(orders(ada)[0]["total"], 1)
        self.assertEqual(orders(ben)[0], {"total": 0, "page": 1, "page_size": 20,
                                          "has_more": False, "items": []})

    def test_a_name_is_believed_once_and_only_whole(self):
        serve = self.behind_proxy()
        nobody = Browser(serve)
        self.assertEqual(nobody.send("GET", "/api/me")[0], 401)
        for value, status in ((["ada", "ben"], 400), ("", 401), ("x" * 200, 400),
                              (b"\xff\xc0", 400)):
            self.assertEqual(
                nobody.send("GET", "/api/me", headers={"X-Forwarded-User": value})[0], status,
                value)
        ada = Browser(serve, "ada")
        no_key = Browser(serve, **{"X-Forwarded-User": "ada"})
        status, _, answer = no_key.send("GET", "/api/conversations")
        self.assertEqual((status, answer["code"]), (401, "stale_key"))
        other = {"X-Page-Key": Browser(serve, "ben").headers["X-Page-Key"]}
        self.assertEqual(ada.send("GET", "/api/conversations", headers=other)[0], 401)

    def test_a_name_is_taken_as_it_was_sent(self):
        serve = self.behind_proxy()
        ada = Browser(serve, "ada")
        conversation = ada.begin()
        ada.turn(conversation, WISH)
        keys = {ada.headers["X-Page-Key"]}
        names = ("=?utf-8?q?ada?=", "=?utf-8?b?YWRh?=", "=?utf-8?q?a?=da", "=?ada", "=ada", "ada?=",
                 "Ada", "ad\u00e1")
        for name in names:
            other = Browser(serve, name.encode())
            self.assertEqual(other.ask("GET", "/api/me")["person"], name)
            self.assertEqual(other.ask("GET", "/api/conversations")["conversations"], [], name)
            keys.add(other.headers["X-Page-Key"])
        self.assertEqual(len(keys), 1 + len(names))
        self.assertEqual(ada.ask("GET", "/api/conversations?search==?x")["conversations"], [])
        titled = ada.begin()
        ada.ask("POST", f"/api/conversations/{titled}/messages", {"text": "a=?b=?=c"}, 202)
        self.assertEqual(
            ada.watch(titled, 0).wait_for(lambda event: event["type"] == "MESSAGES_SNAPSHOT")
            ["messages"][0]["content"], "a=?b=?=c")

    def test_a_byte_that_no_text_has_ends_the_request(self):
        serve = self.behind_proxy()
        ada = Browser(serve, "ada")
        with self.assertRaises((http.client.HTTPException, OSError)):
            ada.send("GET", "/api/me", headers={"X-Forwarded-User": b"a\xfed"})
        self.assertEqual(ada.send("GET", "/api/me")[0], 200)

    def test_paths_have_one_spelling(self):
        serve = self.behind_proxy()
        ada = Browser(serve, "ada")
        for path in ("api/me", "//api/me", "/api//me", "/api/me/", "/./api/me", "/api/%6de"):
            self.assertEqual(ada.send("GET", path)[0], 404, path)

    def test_over_tcp_the_proxy_sends_a_secret(self):
        secret = os.path.join(self.home.path, "secret")
        flags = ["--demo", "--auth-header", "X-Forwarded-User"]
        refused = self.home.run("serve", "--listen", "127.0.0.1:0", *flags)
        self.assertEqual(refused.returncode, 2)
        self.assertIn("--auth-secret-file", refused.stderr)
        missing = self.home.run("serve", "--listen", "127.0.0.1:0", *flags, "--auth-secret-file",
                                secret)
        self.assertEqual(missing.returncode, 2)
        with open(secret, "w") as file:
            file.write("a-secret-of-the-proxy\n")
        readable = self.home.run("serve", "--listen", "127.0.0.1:0", *flags, "--auth-secret-file",
                                 secret)
        self.assertEqual(readable.returncode, 2)
        self.assertIn("others could read it", readable.stderr)
        os.chmod(secret, 0o600)
        serve = self.serve(*flags, "--auth-secret-file", secret)
        knows = Browser(serve, "ada", **{"X-Cartpilot-Secret": "a-secret-of-the-proxy"})
        self.assertEqual(knows.ask("GET", "/api/me")["person"], "ada")
        self.assertEqual(Browser(serve, "ada").send("GET", "/api/me")[0], 403)
        self.assertEqual(
            knows.send("GET", "/api/me", headers={
                "X-Cartpilot-Secret": ["a-secret-of-the-proxy", "a-secret-of-the-proxy"]})[0], 400)

    def test_an_address_that_others_reach_needs_a_proxy(self):
        refused = self.home.run("serve", "--listen", "0.0.0.0:0", "--demo")
        self.assertEqual(refused.returncode, 2)
        self.assertIn("--auth-header", refused.stderr)

    def test_who_asks_too_often_waits(self):
        serve = self.behind_proxy()
        ada, ben = Browser(serve, "ada"), Browser(serve, "ben")
        statuses = [ada.send("GET", "/api/me") for _ in range(400)]
        refused = [headers for status, headers, _ in statuses if status == 429]
        self.assertTrue(refused)
        self.assertEqual(refused[0]["Retry-After"], "2")
        self.assertEqual(ben.send("GET", "/api/me")[0], 200)


if __name__ == "__main__":
    unittest.main()

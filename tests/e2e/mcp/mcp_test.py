"""`cartpilot mcp` as its clients have it: both eras, purchases, and clients of the worst kind."""
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from client import (LEGACY, LIMIT, MODERN, PROGRAM, Client, Home, HttpClient,  # noqa: E402
                    HttpServer, Page, Person, Sandbox)

CHATTY = os.environ["CARTPILOT_CHATTY"]


def runs(process):
    """Whether it has not ended yet; nobody may have waited for it."""
    try:
        with open(f"/proc/{process}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


class Case(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.home = Home()
        self.addCleanup(self.home.remove)

    def client(self, *flags, kind=Client, **more):
        client = kind(self.home, *(flags or ("--sandbox", "--no-plugins")), **more)
        self.addCleanup(client.kill)
        return client

    def shop(self):
        sandbox = Sandbox(self.home)
        self.addCleanup(sandbox.stop)
        return sandbox

    def client_of(self, sandbox, *flags, **more):
        return self.client("--api-url", sandbox.url, "--no-plugins", *flags, **more)

    def approve(self, client, checkout):
        """Asks, and lets the person say yes meanwhile; the result of approve_checkout."""
        waiting = client.start_call("approve_checkout", checkout_id=checkout)
        self.wait_for_question()
        self.assertEqual(Person(self.home).say_yes(), 0)
        return client.wait(waiting)["result"]

    def wait_for_question(self, count=1):
        end = time.monotonic() + LIMIT
        while time.monotonic() < end:
            found = self.home.open_questions()
            if len(found) >= count:
                return found
            time.sleep(0.05)
        self.fail("no question was opened")

    def wait_for_purchase(self, state):
        end = time.monotonic() + LIMIT
        found = []
        while time.monotonic() < end:
            found = self.home.purchases()
            if found and found[0]["state"] == state:
                return found
            time.sleep(0.1)
        self.fail(f"no purchase became {state}: {found}")


class Protocol(Case):
    def test_every_era_lists_the_twelve_tools(self):
        own = ["create_intent", "get_intent_offers", "get_offer_details", "create_checkout",
               "get_checkout", "quote_checkout", "request_approval", "approve_checkout",
               "get_approval_status", "confirm_checkout", "get_order_status", "list_orders"]
        for era in [MODERN, *LEGACY]:
            with self.subTest(era):
                client = self.client(era=era)
                tools = client.request("tools/list")["result"]["tools"]
                self.assertEqual([tool["name"] for tool in tools], own)
                for tool in tools:
                    self.assertEqual(tool["inputSchema"]["type"], "object")
                    self.assertLess(len(tool["description"]), 1000)
                    for word in ("$ref", "oneOf", "anyOf", "allOf", "idempotency_key",
                                 "approved_by", "payment_method"):
                        self.assertNotIn(f'"{word}"', json.dumps(tool["inputSchema"]))
                self.assertEqual(client.close(), 0)

    def test_the_annotations_are_written_out(self):
        tools = self.client().request("tools/list")["result"]["tools"]
        hints = {}
        for tool in tools:
            a = tool["annotations"]
            self.assertEqual(a["title"], tool["title"])
            hints[tool["name"]] = (a["readOnlyHint"], a["destructiveHint"], a["idempotentHint"],
                                   a["openWorldHint"])
        looks, prepares = (True, False, True, True), (False, False, False, False)
        money = (False, True, True, True)
        self.assertEqual(hints, {
            "get_intent_offers": looks, "get_offer_details": looks, "get_checkout": looks,
            "get_order_status": looks, "list_orders": looks,
            "get_approval_status": (True, False, True, False),
            "create_intent": prepares, "create_checkout": prepares, "request_approval": prepares,
            "quote_checkout": (False, False, True, False),
            "approve_checkout": money, "confirm_checkout": money})

    def test_the_instructions_are_short_and_say_how_to_approve(self):
        client = self.client()
        text = client.request("server/discover")["result"]["instructions"]
        self.assertLess(len(text.encode()), 2048)
        for word in ("cartpilot approve", "get_approval_status", "confirm_checkout"):
            self.assertIn(word, text)

    def test_a_read_has_text_and_the_same_as_structured_content(self):
        result = self.client(era="2025-11-25").call("list_orders")
        self.assertEqual(len(result["content"]), 1)
        self.assertEqual(json.loads(result["content"][0]["text"]), result["structuredContent"])

    def test_a_failure_is_an_error_that_the_text_alone_explains(self):
        client = self.client(era="2025-11-25")
        for result in (client.call("get_checkout", checkout_id="nothing"),
                       client.call("get_checkout"), client.call("create_intent", query=5),
                       client.call("get_approval_status"),
                       client.call("get_approval_status", checkout_id="a", approved=True)):
            self.assertTrue(result["isError"])
            self.assertNotIn("structuredContent", result)
            self.assertTrue(json.loads(result["content"][0]["text"])["error"])

    def test_legacy_and_modern_mix_on_one_pipe(self):
        client = self.client(era=MODERN)
        self.assertIn("result", client.request("server/discover"))
        client.send({"jsonrpc": "2.0", "id": "i", "method": "initialize",
                     "params": {"protocolVersion": "2025-06-18", "capabilities": {},
                                "clientInfo": {"name": "t", "version": "1"}}})
        self.assertEqual(client.wait("i")["result"]["protocolVersion"], "2025-06-18")
        client.send({"jsonrpc": "2.0", "id": "l", "method": "tools/call",
                     "params": {"name": "list_orders", "arguments": {}}})
        self.assertNotIn("resultType", client.wait("l")["result"])
        self.assertEqual(client.call("list_orders")["resultType"], "complete")

    def test_stdin_closed_ends_it(self):
        self.assertEqual(self.client().close(), 0)

    def test_every_signal_ends_it_at_once(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            client = self.client()
            client.request("tools/list")
            begin = time.monotonic()
            client.process.send_signal(number)
            client.process.wait(LIMIT)
            self.assertLess(time.monotonic() - begin, 2)

    def test_it_ends_with_the_process_that_started_it(self):
        # The shell in between is killed; the pipe stays open, held by us.
        read_end, write_end = os.pipe()
        self.addCleanup(os.close, write_end)
        # A shell gives what it starts in the background no input of its own.
        shell = subprocess.Popen(
            ["sh", "-c", f'"$0" mcp --sandbox --no-plugins <&{read_end} & echo $!; wait', PROGRAM],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            env=self.home.environment(), text=True, start_new_session=True, pass_fds=[read_end])
        os.close(read_end)
        server = int(shell.stdout.readline())
        time.sleep(1)  # until it has seen its parent
        self.assertTrue(runs(server))
        shell.kill()
        shell.wait(LIMIT)
        end = time.monotonic() + 10
        while time.monotonic() < end and runs(server):
            time.sleep(0.05)
        self.assertFalse(runs(server))
        shell.stdout.close()

    def test_rubbish_does_not_end_it(self):
        client = self.client()
        client.process.stdin.write(b"\x00\xff{{{\n[]\n5\n" + b"x" * 5_000_000 + b"\n")
        client.process.stdin.flush()
        self.assertIn("result", client.request("tools/list"))


class Purchases(Case):
    def buy(self, era):
        client = self.client(era=era)
        checkout, total = client.prepare()
        self.assertEqual(client.get("get_approval_status", checkout_id=checkout)["state"], "none")
        refused = client.call("confirm_checkout", checkout_id=checkout)
        self.assertEqual(client.code_of(refused), "CONSENT_REQUIRED")
        approved = self.approve(client, checkout)
        self.assertNotIn("isError", approved)
        self.assertEqual(client.get("get_approval_status", checkout_id=checkout)["state"],
                         "approved")
        self.assertEqual(client.orders(), [])
        bought = client.call("confirm_checkout", checkout_id=checkout)
        self.assertNotIn("isError", bought)
        self.assertNotIn("structuredContent", bought)
        self.assertRegex(bought["content"][0]["text"], r"^\[cartpilot\] BOUGHT ")
        self.assertEqual(client.json_of(bought)["total"]["amount"], total)
        self.assertEqual(len(client.orders()), 1)
        self.assertEqual(client.get("get_approval_status", checkout_id=checkout)["state"],
                         "bought")
        again = client.call("confirm_checkout", checkout_id=checkout)
        self.assertEqual(client.json_of(again), client.json_of(bought))
        self.assertEqual(len(client.orders()), 1)
        self.assertEqual(client.close(), 0)

    def test_buys_in_revision_2026_07_28(self):
        self.buy(MODERN)

    def test_buys_in_revision_2025_11_25(self):
        self.buy("2025-11-25")

    def test_buys_in_revision_2025_06_18(self):
        self.buy("2025-06-18")

    def test_buys_in_revision_2025_03_26(self):
        self.buy("2025-03-26")

    def test_buys_in_revision_2024_11_05(self):
        self.buy("2024-11-05")

    def test_progress_rises_while_the_person_thinks(self):
        client = self.client()
        checkout, _ = client.prepare()
        waiting = client.start_call("approve_checkout", {"progressToken": "t"},
                                    checkout_id=checkout)
        self.wait_for_question()
        time.sleep(2.5)
        self.assertEqual(Person(self.home).say_yes(), 0)
        self.assertNotIn("isError", client.wait(waiting)["result"])
        values = [n["params"]["progress"] for n in client.notifications]
        self.assertGreaterEqual(len(values), 2)
        self.assertEqual(values, sorted(set(values)))
        self.assertTrue(all(n["params"]["progressToken"] == "t" for n in client.notifications))

    def test_a_call_that_nobody_answers_is_pending_within_half_a_minute(self):
        client = self.client()
        checkout, _ = client.prepare()
        begin = time.monotonic()
        result = client.call("approve_checkout", checkout_id=checkout)
        self.assertLess(time.monotonic() - begin, 35)
        self.assertTrue(result["isError"])
        pending = client.json_of(result)
        self.assertEqual(pending["error_code"], "APPROVAL_PENDING")
        self.assertIn("cartpilot approve " + pending["approval_id"], pending["message"])
        self.assertIn("cartpilot approve " + pending["approval_id"], client.errors_text())
        # The answer comes while no call waits.
        self.assertEqual(Person(self.home, pending["approval_id"]).say_yes(), 0)
        client.wait_for_state(checkout, "approved")
        self.assertNotIn("isError", client.call("confirm_checkout", checkout_id=checkout))
        self.assertEqual(len(client.orders()), 1)

    def test_a_no_is_final(self):
        client = self.client()
        checkout, _ = client.prepare()
        waiting = client.start_call("approve_checkout", checkout_id=checkout)
        question = self.wait_for_question()[0]
        self.assertEqual(self.home.run("approve", "--deny", question["id"]).returncode, 10)
        self.assertEqual(client.code_of(client.wait(waiting)["result"]), "APPROVAL_DECLINED")
        self.assertEqual(client.get("get_approval_status", checkout_id=checkout)["state"],
                         "declined")
        self.assertEqual(client.code_of(client.call("approve_checkout", checkout_id=checkout)),
                         "APPROVAL_DECLINED")
        self.assertEqual(self.home.open_questions(), [])
        self.assertEqual(client.orders(), [])

    def test_a_standing_permission_needs_nobody(self):
        client = self.client("--sandbox", "--no-plugins", "--approve", "up-to:500:USD",
                             "--merchants", "merchant-a,merchant-b")
        checkout, _ = client.prepare()
        self.assertNotIn("isError", client.call("approve_checkout", checkout_id=checkout))
        self.assertNotIn("isError", client.call("confirm_checkout", checkout_id=checkout))
        self.assertEqual(len(client.orders()), 1)

    def test_never_asks_nobody(self):
        client = self.client("--sandbox", "--no-plugins", "--approve", "never")
        checkout, _ = client.prepare()
        self.assertEqual(client.code_of(client.call("approve_checkout", checkout_id=checkout)),
                         "APPROVAL_REFUSED_BY_POLICY")
        self.assertEqual(self.home.open_questions(), [])

    def test_a_checkout_of_another_process_is_not_ours(self):
        sandbox = self.shop()
        first, second = self.client_of(sandbox), self.client_of(sandbox)
        checkout, _ = first.prepare()
        self.assertEqual(second.code_of(second.call("approve_checkout", checkout_id=checkout)),
                         "NOT_OURS")


class AcceptsEverything(Client):
    """Answers whatever it is asked with a yes, as a program does."""

    def answer_request(self, message):
        self.send({"jsonrpc": "2.0", "id": message["id"],
                   "result": {"action": "accept", "content": {"approved": True, "total": "1"}}})


class Hostile(Case):
    def assert_nothing_is_bought(self, client, checkout):
        result = client.call("confirm_checkout", checkout_id=checkout)
        self.assertTrue(result["isError"])
        self.assertEqual(client.orders(), [])

    def test_a_client_that_accepts_every_elicitation_buys_nothing(self):
        for era in (MODERN, "2025-11-25"):
            client = self.client(kind=AcceptsEverything, era=era,
                                 capabilities={"elicitation": {"form": {}, "url": {}}})
            checkout, _ = client.prepare()
            waiting = client.start_call("approve_checkout", checkout_id=checkout)
            self.wait_for_question()
            client.send({"jsonrpc": "2.0", "id": 1, "result": {"action": "accept"}})
            client.cancel(waiting)
            self.assert_nothing_is_bought(client, checkout)
            self.assertEqual(client.asked_of_us, [])
            client.kill()

    def test_a_client_that_declares_url_and_never_opens_it_buys_nothing(self):
        client = self.client(capabilities={"elicitation": {"url": {}}})
        checkout, _ = client.prepare()
        waiting = client.start_call("approve_checkout", checkout_id=checkout)
        self.wait_for_question()
        client.cancel(waiting)
        self.assert_nothing_is_bought(client, checkout)

    def test_a_model_that_says_approved_in_arguments_buys_nothing(self):
        client = self.client()
        checkout, _ = client.prepare()
        waiting = client.start_call("approve_checkout", checkout_id=checkout, approved_by="user",
                                    approved=True, confirmed=True, total="all", yes="yes")
        self.wait_for_question()
        client.cancel(waiting)
        self.assert_nothing_is_bought(client, checkout)

    def test_a_request_state_replayed_or_from_another_tool_is_nothing(self):
        client = self.client("--sandbox", "--no-plugins", "--approval-page",
                             capabilities={"elicitation": {"url": {}}})
        checkout, _ = client.prepare()

        def call(name, state):
            return client.request("tools/call", {
                "name": name, "arguments": {"checkout_id": checkout}, "requestState": state,
                "inputResponses": {"approval_page": {"action": "accept",
                                                     "content": {"ok": True}}}})
        for name in ("approve_checkout", "confirm_checkout"):
            self.assertEqual(call(name, "eyJhcHByb3ZlZCI6dHJ1ZX0=")["error"]["code"], -32602)
        self.assertEqual(self.home.open_questions(), [])
        state = client.call("approve_checkout", checkout_id=checkout)["requestState"]
        for changed in (state[:-1] + ("0" if state[-1] != "0" else "1"), "x" + state):
            self.assertEqual(call("approve_checkout", changed)["error"]["code"], -32602)
        self.assertEqual(call("confirm_checkout", state)["error"]["code"], -32602)
        # It asks nobody and permits nothing; it only spares the client a second question.
        self.assertEqual(client.code_of(call("approve_checkout", state)["result"]),
                         "APPROVAL_PENDING")
        self.assertEqual(call("approve_checkout", state)["error"]["code"], -32602)
        self.assertEqual(len(self.home.open_questions()), 1)
        self.assert_nothing_is_bought(client, checkout)

    def test_two_processes_answer_one_question_and_one_counts(self):
        client = self.client()
        checkout, _ = client.prepare()
        waiting = client.start_call("approve_checkout", checkout_id=checkout)
        self.wait_for_question()
        first, second = Person(self.home), Person(self.home)
        total, code = first.question()
        second.question()
        second.type("no\n")
        self.assertEqual(second.finish(), 10)
        first.type(f"{total} {code}\n")
        self.assertNotEqual(first.finish(), 0)
        self.assertEqual(client.code_of(client.wait(waiting)["result"]), "APPROVAL_DECLINED")
        self.assert_nothing_is_bought(client, checkout)

    def test_a_question_answered_twice_is_answered_once(self):
        client = self.client()
        checkout, _ = client.prepare()
        waiting = client.start_call("approve_checkout", checkout_id=checkout)
        question = self.wait_for_question()[0]
        self.assertEqual(Person(self.home, question["id"]).say_yes(), 0)
        client.wait(waiting)
        late = Person(self.home, question["id"])
        self.assertEqual(late.finish(), 1)
        client.call("confirm_checkout", checkout_id=checkout)
        self.assertEqual(len(client.orders()), 1)

    def test_a_question_dies_with_the_server_that_asked(self):
        client = self.client()
        checkout, _ = client.prepare()
        client.start_call("approve_checkout", checkout_id=checkout)
        self.wait_for_question()
        person = Person(self.home)
        total, code = person.question()
        client.process.kill()
        client.process.wait(LIMIT)
        person.type(f"{total} {code}\n")
        self.assertNotEqual(person.finish(), 0)
        self.assertEqual(self.home.open_questions(), [])
        self.assertEqual(self.home.purchases(), [])

    def test_a_question_is_withdrawn_when_the_client_leaves(self):
        client = self.client()
        checkout, _ = client.prepare()
        client.start_call("approve_checkout", checkout_id=checkout)
        self.wait_for_question()
        begin = time.monotonic()
        self.assertEqual(client.close(), 0)
        self.assertLess(time.monotonic() - begin, 15)
        self.assertEqual(self.home.open_questions(), [])

    def test_sigterm_while_waiting_ends_it_and_the_question(self):
        client = self.client()
        checkout, _ = client.prepare()
        client.start_call("approve_checkout", checkout_id=checkout)
        self.wait_for_question()
        begin = time.monotonic()
        client.process.send_signal(signal.SIGTERM)
        client.process.wait(LIMIT)
        self.assertLess(time.monotonic() - begin, 3)
        self.assertEqual(self.home.open_questions(), [])

    def test_input_closed_between_approve_and_confirm_buys_nothing(self):
        sandbox = self.shop()
        client = self.client_of(sandbox)
        checkout, _ = client.prepare()
        self.approve(client, checkout)
        self.assertEqual(client.close(), 0)
        self.assertEqual(sandbox.confirms, 0)
        other = self.client_of(sandbox)
        self.assertEqual(other.code_of(other.call("confirm_checkout", checkout_id=checkout)),
                         "NOT_OURS")

    def begun_confirm(self):
        """A client whose confirm has arrived and is not answered yet."""
        sandbox = self.shop()
        client = self.client_of(sandbox)
        checkout, _ = client.prepare()
        self.approve(client, checkout)
        sandbox.confirm_may_go.clear()
        request = client.start_call("confirm_checkout", checkout_id=checkout)
        self.assertTrue(sandbox.confirm_came.wait(LIMIT))
        return sandbox, client, checkout, request

    def test_input_closed_during_a_confirm_lets_it_finish(self):
        sandbox, client, _, request = self.begun_confirm()
        client.process.stdin.close()
        time.sleep(0.3)
        sandbox.confirm_may_go.set()
        self.assertNotIn("isError", client.wait(request)["result"])
        self.assertEqual(client.process.wait(LIMIT), 0)
        self.wait_for_purchase("done")
        self.assertEqual(sandbox.confirms, 1)

    def test_a_kill_during_a_confirm_does_not_end_it(self):
        sandbox, client, _, _ = self.begun_confirm()
        client.process.kill()
        client.process.wait(LIMIT)
        sandbox.confirm_may_go.set()
        self.wait_for_purchase("done")
        self.assertEqual(sandbox.confirms, 1)

    def test_every_signal_during_a_confirm_ends_the_server_and_not_the_purchase(self):
        sandbox, client, _, _ = self.begun_confirm()
        for number in (signal.SIGINT, signal.SIGTERM):
            client.process.send_signal(number)
            time.sleep(0.1)
        client.process.wait(10)
        self.assertFalse(sandbox.confirm_is_done.is_set())
        sandbox.confirm_may_go.set()
        self.wait_for_purchase("done")
        self.assertEqual(sandbox.confirms, 1)

    def test_a_cancelled_confirm_is_carried_out_and_not_answered(self):
        sandbox, client, checkout, request = self.begun_confirm()
        client.cancel(request)
        sandbox.confirm_may_go.set()
        self.wait_for_purchase("done")
        self.assertIsNone(client.wait(request, 1))
        again = client.call("confirm_checkout", checkout_id=checkout)
        self.assertRegex(again["content"][0]["text"], r"^\[cartpilot\] BOUGHT ")
        self.assertEqual(sandbox.confirms, 1)

    def test_a_hundred_parallel_confirms_buy_once(self):
        sandbox = self.shop()
        client = self.client_of(sandbox)
        checkout, _ = client.prepare()
        self.approve(client, checkout)
        requests = [client.start_call("confirm_checkout", checkout_id=checkout)
                    for _ in range(100)]
        results = [client.wait(request)["result"] for request in requests]
        self.assertEqual(sandbox.confirms, 1)
        self.assertEqual(len(client.orders()), 1)
        for result in results:
            if result.get("isError"):
                self.assertEqual(client.code_of(result), "TOO_MANY_CALLS")
        self.assertTrue(any(not result.get("isError") for result in results))

    def test_a_hundred_parallel_approvals_ask_once(self):
        client = self.client()
        checkout, _ = client.prepare()
        requests = [client.start_call("approve_checkout", checkout_id=checkout)
                    for _ in range(60)]
        self.wait_for_question()
        time.sleep(0.5)
        self.assertEqual(len(self.home.open_questions()), 1)
        self.assertEqual(Person(self.home).say_yes(), 0)
        for request in requests:
            self.assertNotIn("isError", client.wait(request)["result"])
        self.assertEqual(client.orders(), [])

    def test_a_fourth_question_in_ten_minutes_is_not_asked(self):
        client = self.client()
        for quantity in (1, 2, 3):
            checkout, _ = client.prepare(quantity=quantity)
            client.cancel(client.start_call("approve_checkout", checkout_id=checkout))
            self.wait_for_question(quantity)
        checkout, _ = client.prepare(quantity=4)
        self.assertEqual(client.code_of(client.call("approve_checkout", checkout_id=checkout)),
                         "TOO_MANY_QUESTIONS")

    def test_nobody_answers_without_a_terminal(self):
        client = self.client()
        checkout, total = client.prepare()
        client.start_call("approve_checkout", checkout_id=checkout)
        question = self.wait_for_question()[0]
        self.assertNotIn("challenge", question)
        amount = f"{total // 100}.{total % 100:02}"
        answered = subprocess.run(
            [PROGRAM, "approve", question["id"]], env=self.home.environment(), text=True,
            input=f"{amount} abcd\nyes\n", capture_output=True, timeout=LIMIT,
            start_new_session=True)
        self.assertEqual(answered.returncode, 11)
        self.assert_nothing_is_bought(client, checkout)

    def chatty_client(self, *flags):
        return self.client("--sandbox", "--plugin", CHATTY, "--allow-insecure-plugin-dir", *flags)

    def test_output_of_a_plugin_does_not_reach_the_protocol(self):
        client = self.chatty_client("--allow-money-tools", "chatty")
        client.request("tools/list")
        self.assertEqual(client.get("chatty_say", text="polluted"), {"said": "polluted"})
        self.assertEqual(client.close(), 0)
        client.reader.join(LIMIT)
        for line in client.lines:
            self.assertEqual(json.loads(line)["jsonrpc"], "2.0")
        self.assertIn("chatty_say polluted by printf", client.errors_text())

    def test_functions_of_a_plugin_stand_beside_ours_without_those_that_clash(self):
        client = self.chatty_client("--allow-money-tools", "chatty")
        names = [tool["name"] for tool in client.request("tools/list")["result"]["tools"]]
        self.assertEqual(names[12:], ["chatty_say", "chatty_pay"])
        self.assertEqual(client.get("get_approval_status", checkout_id="x")["state"], "none")
        for name in ("get_approval_status", "chatty_forked"):
            self.assertIn(f"the function {name} of a plugin is left out", client.errors_text())

    def test_money_functions_of_a_plugin_ask_the_same_way(self):
        client = self.chatty_client("--allow-money-tools", "chatty")
        pending = client.call("chatty_pay", text="me")
        self.assertEqual(client.code_of(pending), "APPROVAL_PENDING")
        self.assertEqual(client.code_of(client.call("chatty_pay", text="me")), "APPROVAL_PENDING")
        person = Person(self.home)
        code = person.wait_for(r"Type the code \((\w{4})\)[\s\S]*?s\]: ").group(1)
        person.type(code + "\n")
        self.assertEqual(person.finish(), 0)
        self.assertEqual(client.get("chatty_pay", text="me"), {"said": "me"})
        # One yes is one call.
        self.assertEqual(client.code_of(client.call("chatty_pay", text="me")), "APPROVAL_PENDING")

    def test_clients_that_die_at_random_moments_buy_what_was_approved_and_nothing_else(self):
        seed = int(os.environ.get("CARTPILOT_MCP_SEED", "0")) or random.randrange(1, 1 << 30)
        chance = random.Random(seed)
        sandbox = self.shop()
        approved = 0
        for round_number in range(6):
            client = self.client_of(sandbox, era=chance.choice([MODERN, *LEGACY]))
            checkout, _ = client.prepare(quantity=round_number + 1)
            says_yes = chance.random() < 0.7
            if says_yes:
                self.approve(client, checkout)
                approved += 1
            client.start_call("confirm_checkout", checkout_id=checkout)
            time.sleep(chance.random() * 0.3)
            client.process.send_signal(chance.choice([signal.SIGKILL, signal.SIGTERM,
                                                      signal.SIGINT]))
            client.process.wait(LIMIT)
            end = time.monotonic() + LIMIT
            while any(p["state"] == "confirm_sent" for p in self.home.purchases()):
                self.assertLess(time.monotonic(), end, f"seed {seed}")
                time.sleep(0.1)
        done = [p for p in self.home.purchases() if p["state"] == "done"]
        orders = self.client_of(sandbox).orders()
        self.assertEqual(len(orders), len(done), f"seed {seed}")
        self.assertLessEqual(len(orders), approved, f"seed {seed}")
        self.assertEqual(len({o["merchant_order_id"] for o in orders}), len(orders))


class ApprovalPage(Case):
    def page_client(self, *flags, **more):
        client = self.client("--sandbox", "--no-plugins", "--approval-page", *flags, **more)
        return client, Page(client.errors_text)

    def assert_nothing_is_bought(self, client, checkout):
        self.assertTrue(client.call("confirm_checkout", checkout_id=checkout)["isError"])
        self.assertEqual(client.orders(), [])

    def test_a_paired_browser_approves_and_the_record_says_so(self):
        client, page = self.page_client()
        page.pair(self.home)
        checkout, total = client.prepare()
        waiting = client.start_call("approve_checkout", checkout_id=checkout)
        rows = {row["label"]: row["value"] for row in page.question()["rows"]}
        self.assertEqual(rows["TOTAL"], f"{total // 100}.{total % 100:02} USD")
        self.assertEqual(rows["CartPilot"], "SANDBOX, no real money")
        self.assertEqual(page.say_yes(), {"outcome": "approved",
                                          "message": "Approved by you. Not bought yet."})
        self.assertNotIn("isError", client.wait(waiting)["result"])
        self.assertEqual(client.orders(), [])
        self.assertNotIn("isError", client.call("confirm_checkout", checkout_id=checkout))
        self.assertEqual(len(client.orders()), 1)
        self.assertEqual(self.home.purchases()[0]["channel"], "page")

    def test_a_no_on_the_page_is_final(self):
        client, page = self.page_client()
        page.pair(self.home)
        checkout, _ = client.prepare()
        waiting = client.start_call("approve_checkout", checkout_id=checkout)
        token, _ = page.shown()
        self.assertEqual(page.send("POST", "/decline", {"token": token})[2]["outcome"], "declined")
        self.assertEqual(client.code_of(client.wait(waiting)["result"]), "APPROVAL_DECLINED")
        self.assert_nothing_is_bought(client, checkout)

    def test_the_same_basket_again_is_answered_twice(self):
        client, page = self.page_client()
        page.pair(self.home)
        for answers in (1, 2):
            checkout, _ = client.prepare()
            waiting = client.start_call("approve_checkout", checkout_id=checkout)
            outcomes = [page.say_yes()["outcome"] for _ in range(answers)]
            self.assertEqual(outcomes, ["again", "approved"][-answers:])
            self.assertNotIn("isError", client.wait(waiting)["result"])
            self.assertNotIn("isError", client.call("confirm_checkout", checkout_id=checkout))
        self.assertEqual(len(client.orders()), 2)

    def test_over_http_all_sessions_share_one_page(self):
        server = HttpServer(self.home, "--no-plugins", "--sandbox", "--approval-page")
        self.addCleanup(server.stop)
        page = Page(server.errors_text)
        page.pair(self.home)
        for count, era in enumerate([MODERN, "2025-11-25"], 1):
            client = HttpClient(server, era)
            checkout, _ = client.prepare(quantity=count)
            waiting = client.start_call("approve_checkout", checkout_id=checkout)
            self.assertEqual(page.say_yes()["outcome"], "approved")
            self.assertNotIn("isError", client.wait(waiting)["result"])
            self.assertNotIn("isError", client.call("confirm_checkout", checkout_id=checkout))
            self.assertEqual(len(client.orders()), count)

    def test_the_pairing_code_stands_on_the_terminal_and_nowhere_else(self):
        client, page = self.page_client()
        code = page.pair(self.home)
        checkout, _ = client.prepare()
        pending = client.call("approve_checkout", checkout_id=checkout)
        self.assertIn(page.url, client.json_of(pending)["message"])
        client.call("get_approval_status", checkout_id=checkout)
        for secret in (code, code.replace("-", ""), page.headers["Cookie"].split("=")[1],
                       page.headers["X-Page-Key"]):
            self.assertNotIn(secret, client.errors_text())
            self.assertNotIn(secret.encode(), b"".join(client.lines))
        refused = self.home.run("pair")
        self.assertEqual(refused.returncode, 11)
        self.assertEqual(refused.stdout, "")

    def test_pair_needs_a_page_and_ctrl_c_withdraws_the_code(self):
        terminal = Person(self.home, command="pair")
        self.assertEqual(terminal.finish(), 1)
        self.assertIn("no approval page is open", terminal.screen)
        _, page = self.page_client()
        terminal = Person(self.home, command="pair")
        code = terminal.wait_for(r"Pairing code: ([a-z]{4}-[a-z]{4})").group(1)
        terminal.type("\x03")
        self.assertEqual(terminal.finish(), 130)
        self.assertEqual(page.send("POST", "/pair", {"code": code})[0], 403)

    def test_guessing_the_pairing_code_ends_after_five_tries(self):
        _, page = self.page_client()
        terminal = Person(self.home, command="pair")
        code = terminal.wait_for(r"Pairing code: ([a-z]{4}-[a-z]{4})").group(1)
        for guess in range(5):
            self.assertEqual(page.send("POST", "/pair", {"code": f"aaaa-aaa{guess}"})[0], 403)
        self.assertEqual(terminal.finish(), 1)
        self.assertEqual(page.send("POST", "/pair", {"code": code})[0], 403)

    def test_posts_of_a_program_without_pairing_buy_nothing(self):
        client, page = self.page_client()
        checkout, _ = client.prepare()
        client.start_call("approve_checkout", checkout_id=checkout)
        self.wait_for_question()
        for headers in ({"Origin": None}, {"Origin": "http://evil.example"}, {"Origin": "null"},
                        {"Host": f"evil.example:{page.port}"}, {"Host": f"localhost:{page.port}"}):
            self.assertEqual(page.send("POST", "/answer", {"token": "x", "typed": "1 abcd"},
                                       headers)[0], 403)
        self.assertEqual(page.send("POST", "/answer", {"token": "x", "typed": "1 abcd"})[0], 401)
        self.assertEqual(page.send("GET", "/question")[0], 401)
        self.assertEqual(page.send("GET", "/question", None, {"Host": "evil.example"})[0], 403)
        self.assertEqual(len(self.home.open_questions()), 1)
        self.assert_nothing_is_bought(client, checkout)

    def test_the_page_stands_in_no_frame_and_loads_nothing_from_outside(self):
        _, page = self.page_client()
        for path in ("/", "/page.css", "/page.js", "/question"):
            _, headers, _ = page.send("GET", path)
            self.assertIn("frame-ancestors 'none'", headers["Content-Security-Policy"])
            self.assertIn("default-src 'none'", headers["Content-Security-Policy"])
            self.assertEqual(headers["X-Frame-Options"], "DENY")
            self.assertEqual(headers["Referrer-Policy"], "no-referrer")

    def test_a_yes_for_a_price_that_changed_buys_nothing(self):
        sandbox = self.shop()
        client = self.client_of(sandbox, "--approval-page")
        page = Page(client.errors_text)
        page.pair(self.home)
        checkout, _ = client.prepare()
        waiting = client.start_call("approve_checkout", checkout_id=checkout)
        token, typed = page.shown()
        # Somebody else quotes the checkout anew, for two pieces.
        sandbox.quote_again(checkout, 2)
        self.assertEqual(page.send("POST", "/answer", {"token": token, "typed": typed})[2]
                         ["outcome"], "approved")
        self.assertIn(client.code_of(client.wait(waiting)["result"]),
                      ("PRICE_CHANGED", "RECEIPT_CHANGED"))
        self.assertEqual(client.get("get_approval_status", checkout_id=checkout)["state"],
                         "changed")
        self.assert_nothing_is_bought(client, checkout)
        self.assertEqual(sandbox.confirms, 0)

    def test_a_yes_after_the_server_that_asked_has_died_buys_nothing(self):
        sandbox = self.shop()
        # The page belongs to another server, which goes on.
        other = self.client_of(sandbox, "--approval-page")
        page = Page(other.errors_text)
        page.pair(self.home)
        client = self.client_of(sandbox)
        checkout, _ = client.prepare()
        client.start_call("approve_checkout", checkout_id=checkout)
        token, typed = page.shown()
        client.process.kill()
        client.process.wait(LIMIT)
        late = page.send("POST", "/answer", {"token": token, "typed": typed})[2]
        self.assertEqual(late, {"outcome": "too_late",
                                "message": "The program that asked is gone. Nothing was bought."})
        self.assertEqual(self.home.purchases(), [])
        self.assertEqual(sandbox.confirms, 0)

    URL = {"elicitation": {"form": {}, "url": {}}}

    def test_a_legacy_client_that_accepts_every_elicitation_buys_nothing(self):
        client, page = self.page_client(kind=AcceptsEverything, era="2025-11-25",
                                        capabilities=self.URL)
        checkout, _ = client.prepare()
        pending = client.call("approve_checkout", checkout_id=checkout)
        self.assertEqual(client.code_of(pending), "APPROVAL_PENDING")
        self.assertEqual([(m["method"], m["params"]["mode"], m["params"]["url"])
                          for m in client.asked_of_us],
                         [("elicitation/create", "url", page.url)])
        self.assertEqual(client.get("get_approval_status", checkout_id=checkout)["state"], "open")
        self.assert_nothing_is_bought(client, checkout)

    def test_a_modern_client_that_accepts_every_elicitation_buys_nothing(self):
        client, page = self.page_client(capabilities=self.URL)
        checkout, _ = client.prepare()
        begin = time.monotonic()
        asked = client.call("approve_checkout", checkout_id=checkout)
        self.assertLess(time.monotonic() - begin, 10)
        self.assertEqual(asked["resultType"], "input_required")
        self.assertEqual(asked["inputRequests"]["approval_page"]["params"]["url"], page.url)
        pending = client.request("tools/call", {
            "name": "approve_checkout", "arguments": {"checkout_id": checkout},
            "requestState": asked["requestState"],
            "inputResponses": {"approval_page": {"action": "accept", "content": {"total": "1"}}}})
        self.assertEqual(client.code_of(pending["result"]), "APPROVAL_PENDING")
        self.assertEqual(len(self.home.open_questions()), 1)
        self.assert_nothing_is_bought(client, checkout)

    def test_a_client_that_declares_url_and_never_opens_it_buys_nothing(self):
        client, _ = self.page_client(capabilities=self.URL)
        checkout, _ = client.prepare()
        client.call("approve_checkout", checkout_id=checkout)
        self.assertEqual(client.get("get_approval_status", checkout_id=checkout)["state"], "open")
        self.assert_nothing_is_bought(client, checkout)

    def test_the_person_answers_on_the_page_that_a_client_showed(self):
        for quantity, era in enumerate([MODERN, "2025-11-25"], 1):
            client, page = self.page_client(era=era, capabilities=self.URL)
            page.pair(self.home)
            checkout, _ = client.prepare(quantity=quantity)
            state = {}
            if era == MODERN:
                asked = client.call("approve_checkout", checkout_id=checkout)
                state = {"requestState": asked["requestState"],
                         "inputResponses": {"approval_page": {"action": "decline"}}}
            waiting = client.start("tools/call", {
                "name": "approve_checkout", "arguments": {"checkout_id": checkout}, **state})
            self.assertEqual(page.say_yes()["outcome"], "approved")
            self.assertNotIn("isError", client.wait(waiting)["result"])
            self.assertNotIn("isError", client.call("confirm_checkout", checkout_id=checkout))
            client.kill()

    def test_the_terminal_and_the_page_answer_one_question_and_one_counts(self):
        client, page = self.page_client()
        page.pair(self.home)
        checkout, _ = client.prepare()
        waiting = client.start_call("approve_checkout", checkout_id=checkout)
        token, typed = page.shown()
        person = Person(self.home)
        person.question()
        person.type("no\n")
        self.assertEqual(person.finish(), 10)
        late = page.send("POST", "/answer", {"token": token, "typed": typed})[2]
        self.assertEqual(late, {"outcome": "too_late",
                                "message": "It was declined already, by you (approve)."})
        self.assertEqual(client.code_of(client.wait(waiting)["result"]), "APPROVAL_DECLINED")
        self.assert_nothing_is_bought(client, checkout)


class Http(Case):
    def server(self, *flags):
        server = HttpServer(self.home, "--no-plugins", *(flags or ("--sandbox",)))
        self.addCleanup(server.stop)
        return server

    def buy(self, server, era, quantity):
        client = HttpClient(server, era)
        # Another basket each time: one that was bought a moment ago needs two answers.
        checkout, _ = client.prepare(quantity=quantity)
        approved = self.approve(client, checkout)
        self.assertNotIn("isError", approved)
        bought = client.call("confirm_checkout", {"progressToken": 1}, checkout_id=checkout)
        self.assertRegex(bought["content"][0]["text"], r"^\[cartpilot\] BOUGHT ")
        return client

    def test_buys_in_both_eras(self):
        server = self.server()
        for count, era in enumerate([MODERN, "2025-11-25", "2025-06-18", "2025-03-26"], 1):
            client = self.buy(server, era, count)
            self.assertEqual(len(client.orders()), count)

    def test_the_token_lies_in_a_file_of_its_own(self):
        server = self.server()
        self.assertEqual(os.stat(server.token_file).st_mode & 0o777, 0o600)
        self.assertGreaterEqual(len(server.token), 32)
        self.assertNotIn(server.token, server.errors_text())
        ping = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
        for wrong in (None, "Bearer ", "Bearer x" + server.token):
            status, headers, _ = server.post(ping, {"Authorization": wrong})
            self.assertEqual((status, headers["WWW-Authenticate"]), (401, "Bearer"))
        server.stop()
        again = self.server()
        self.assertEqual(again.token, server.token)
        again.stop()
        os.chmod(server.token_file, 0o644)
        refused = self.home.run("mcp", "--http", "0", "--sandbox", "--no-plugins")
        self.assertEqual(refused.returncode, 2)
        self.assertIn("0600", refused.stderr)

    def test_pages_of_other_sites_and_rebound_names_are_kept_away(self):
        server = self.server("--sandbox", "--no-token")
        for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"},
                        {"Host": "evil.example"}, {"Host": f"evil.example:{server.port}"}):
            self.assertEqual(server.post({"jsonrpc": "2.0", "id": 1, "method": "ping"},
                                         headers)[0], 403)

    def test_a_header_may_come_encoded(self):
        server = self.server("--sandbox", "--no-token")
        call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {
            "name": "list_orders", "_meta": {
                "io.modelcontextprotocol/protocolVersion": MODERN,
                "io.modelcontextprotocol/clientCapabilities": {}}}}
        headers = {"MCP-Protocol-Version": MODERN, "Mcp-Method": "tools/call"}
        for name, status in (("list_orders", 200), ("=?base64?bGlzdF9vcmRlcnM=?=", 200),
                             ("=?base64?bGlzdF9vcmRlcnM?=", 400), ("=?base64?bGlzdA==?=", 400)):
            self.assertEqual(server.post(call, {**headers, "Mcp-Name": name})[0], status, name)

    def test_only_this_machine_may_do_without_a_token(self):
        refused = self.home.run("mcp", "--http", "0.0.0.0:0", "--no-token", "--sandbox",
                                "--no-plugins")
        self.assertEqual(refused.returncode, 2)

    def test_the_129th_connection_is_told_to_come_later(self):
        server = self.server("--sandbox", "--no-token")
        held = []
        for _ in range(128):
            connection = socket.create_connection(("127.0.0.1", server.port), LIMIT)
            self.addCleanup(connection.close)
            connection.sendall(b"POST /mcp HTTP/1.1\r\nHost: x\r\n")
            held.append(connection)
        end = time.monotonic() + 20
        status = None
        while time.monotonic() < end and status != 503:
            status = server.post({"jsonrpc": "2.0", "id": 1, "method": "ping"})[0]
            time.sleep(0.1)
        self.assertEqual(status, 503)

    def test_a_hundred_connections_at_once_are_all_answered(self):
        server = self.server("--sandbox", "--no-token")
        start = threading.Barrier(100)
        statuses = []
        message = {"jsonrpc": "2.0", "id": 1, "method": "server/discover", "params": {"_meta": {
            "io.modelcontextprotocol/protocolVersion": MODERN,
            "io.modelcontextprotocol/clientCapabilities": {}}}}
        headers = {"MCP-Protocol-Version": MODERN, "Mcp-Method": "server/discover"}

        def ask():
            start.wait(LIMIT)
            for _ in range(3):
                try:
                    statuses.append(server.post(message, headers)[0])
                except OSError as error:
                    statuses.append(repr(error))
        threads = [threading.Thread(target=ask) for _ in range(100)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(LIMIT)
        self.assertEqual(statuses, [200] * 300)

    def test_a_client_that_hangs_up_buys_nothing_it_was_not_allowed(self):
        server = self.server()
        client = HttpClient(server)
        checkout, _ = client.prepare()
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {
            "name": "approve_checkout", "arguments": {"checkout_id": checkout},
            "_meta": {"io.modelcontextprotocol/protocolVersion": MODERN,
                      "io.modelcontextprotocol/clientCapabilities": {}}}}).encode()
        connection = socket.create_connection(("127.0.0.1", server.port), LIMIT)
        connection.sendall((
            f"POST /mcp HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n"
            f"Authorization: Bearer {server.token}\r\nContent-Type: application/json\r\n"
            f"MCP-Protocol-Version: {MODERN}\r\nMcp-Method: tools/call\r\n"
            f"Mcp-Name: approve_checkout\r\nContent-Length: {len(body)}\r\n\r\n").encode() + body)
        self.wait_for_question()
        connection.close()
        self.assertTrue(client.call("confirm_checkout", checkout_id=checkout)["isError"])
        self.assertEqual(client.orders(), [])


if __name__ == "__main__":
    unittest.main()

"""What programs with a token reach at `cartpilot serve`: chat completions and MCP."""
import http.client
import json
import threading
import time
import unittest

from pages import Browser
from serve_test import WISH, Case
from client import LIMIT

MODEL = "cartpilot"


class Program:
    """A chat application with a token."""

    def __init__(self, serve, token):
        self.serve = serve
        self.token = token

    def start(self, method, path, body=None, **headers):
        connection = self.serve.connect()
        sent = {"Host": self.serve.place, "Content-Type": "application/json"}
        if self.token:
            sent["Authorization"] = "Bearer " + self.token
        connection.request(method, path, None if body is None else json.dumps(body),
                           {**sent, **headers})
        return connection, connection.getresponse()

    def send(self, method, path, body=None, **headers):
        connection, answer = self.start(method, path, body, **headers)
        data = json.loads(answer.read())
        connection.close()
        return answer.status, data

    def chat(self, *texts, **more):
        """Answers of the model stand between what the person said."""
        messages = [{"role": "user" if i % 2 == 0 else "assistant", "content": text}
                    for i, text in enumerate(texts)]
        return {"model": MODEL, "messages": messages, **more}

    def ask(self, *texts, **headers):
        status, body = self.send("POST", "/v1/chat/completions", self.chat(*texts), **headers)
        assert status == 200, body
        return body["choices"][0]["message"]["content"]

    def stream(self, *texts, **more):
        """The chunks of an answer, and whether [DONE] came."""
        connection, answer = self.start(
            "POST", "/v1/chat/completions",
            self.chat(*texts, stream=True, stream_options={"include_usage": True}, **more))
        assert answer.getheader("Content-Type") == "text/event-stream", answer.read()
        lines = [line[6:] for line in answer.read().decode().split("\n")
                 if line.startswith("data: ")]
        connection.close()
        return [json.loads(line) for line in lines if line != "[DONE]"], lines[-1] == "[DONE]"


def content(chunks, member="content"):
    return "".join(choice["delta"].get(member) or "" for chunk in chunks
                   for choice in chunk["choices"])


class ProgramCase(Case):
    FLAGS = ("--demo", "--openai-api", "--mcp")

    def program(self, serve, *words):
        made = self.home.run("token", "new", "test", *words)
        self.assertEqual(made.returncode, 0, made.stderr)
        self.assertRegex(made.stdout, r"^cp_[0-9a-f]{64}\n$")
        return Program(serve, made.stdout.strip())


class ChatCompletions(ProgramCase):
    def test_answers_are_whole_or_streamed(self):
        serve = self.serve(*self.FLAGS)
        program = self.program(serve)
        self.assertEqual([model["id"] for model in program.send("GET", "/v1/models")[1]["data"]],
                         [MODEL])
        self.assertEqual(program.send("GET", "/v1/models/cartpilot")[1]["id"], MODEL)
        whole = program.ask(WISH)
        self.assertIn("79.99 USD", whole)
        chunks, done = program.stream(WISH)
        self.assertTrue(done)
        self.assertEqual(content(chunks), whole)
        self.assertIn("Searching the shops\n", content(chunks, "reasoning_content"))
        self.assertEqual(chunks[0]["choices"][0]["delta"], {"role": "assistant", "content": ""})
        self.assertEqual(chunks[-2]["choices"][0]["finish_reason"], "stop")
        self.assertEqual((chunks[-1]["choices"], "total_tokens" in chunks[-1]["usage"]), ([], True))

    def test_the_person_says_yes_on_the_page(self):
        serve = self.serve(*self.FLAGS)
        browser = Browser(serve).pair()
        program = self.program(serve)
        said = [WISH]
        said += [program.ask(*said), "buy the cheapest"]
        said += [program.ask(*said), "yes"]
        answers = []
        waiting = threading.Thread(target=lambda: answers.append(program.stream(*said)))
        waiting.start()
        question = browser.question()
        for path in ("/api/question", "/api/me", "/api/conversations", "/api/tokens"):
            self.assertEqual(program.send("GET", path)[0], 401, path)
        for path in ("shown", "answer", "decline"):
            status, _ = program.send("POST", f"/api/question/{path}",
                                     {"token": question["token"]}, Origin=serve.url[:-1])
            self.assertEqual(status, 401, path)
        self.assertEqual(browser.say_yes()["outcome"], "approved")
        waiting.join(LIMIT)
        chunks, done = answers[0]
        self.assertTrue(done)
        self.assertIn(f"This needs your yes: {serve.url}", content(chunks))
        self.assertRegex(content(chunks), r"BOUGHT 86\.38 USD")
        self.assertEqual([(entry["state"], entry["channel"]) for entry in self.home.purchases()],
                         [("done", "page")])

    def test_conversations_are_found_again(self):
        serve = self.serve(*self.FLAGS)
        browser = Browser(serve).pair()
        one, other = self.program(serve), self.program(serve)
        ids = lambda: [entry["id"] for entry in  # noqa: E731
                       browser.ask("GET", "/api/conversations")["conversations"]]
        first = one.ask(WISH)
        one.ask(WISH, first, "buy the cheapest")
        self.assertEqual(len(ids()), 1)
        one.ask(WISH)  # another chat that begins alike
        other.ask(WISH)
        self.assertEqual(len(ids()), 3)
        self.assertEqual(len({name.rsplit(".", 1)[0] for name in ids()}), 2)
        one.ask("a red kettle", **{"X-Conversation": "kitchen"})
        one.ask("another chat", **{"X-Conversation": "kitchen"})
        self.assertEqual(ids()[0], "kitchen")
        self.assertEqual(len(ids()), 4)

    def test_another_chat_begins_another_conversation_also_after_a_deletion(self):
        serve = self.serve(*self.FLAGS)
        browser = Browser(serve).pair()
        program = self.program(serve)
        ids = lambda: [entry["id"] for entry in  # noqa: E731
                       browser.ask("GET", "/api/conversations")["conversations"]]
        program.ask(WISH)
        first = ids()[0]
        program.ask(WISH)
        second = ids()[0]
        browser.ask("DELETE", f"/api/conversations/{first}")
        program.ask(WISH)
        self.assertEqual(len(ids()), 2)
        self.assertNotIn(first, ids())
        self.assertEqual(ids()[1], second)

    def test_titles_and_the_like_touch_nothing(self):
        serve = self.serve(*self.FLAGS)
        browser = Browser(serve).pair()
        program = self.program(serve)
        chat = "<chat_history>\nUSER: a desk lamp\nASSISTANT: Here is one.\n</chat_history>"
        for order, wanted in (
                ("### Task:\nGenerate a concise, 3-5 word title with an emoji summarizing the chat "
                 "history.\n### Output:\nJSON format: { \"title\": \"...\" }\n" + chat,
                 '{"title":"a desk lamp"}'),
                ("### Task:\nGenerate 1-3 broad tags categorizing the main themes of the chat "
                 "history.\nJSON format: { \"tags\": [] }\n" + chat, '{"tags":["Shopping"]}'),
                ("### Task:\nSuggest 3-5 relevant follow-up questions\n{ \"follow_ups\": [] }\n"
                 + chat, '{"follow_ups":[]}'),
                ("Provide a concise, 5-word-or-less title for the conversation, using its same "
                 "language:\nUser: a desk lamp\n", "a desk lamp")):
            self.assertEqual(program.ask(order), wanted)
        self.assertEqual(browser.ask("GET", "/api/conversations")["conversations"], [])
        wishes = ("a book with the title 'Conversation'", "create a title page for my chat club",
                  "find me a poster with the title 'chat noir'",
                  "write a message with the title Query")
        for wish in wishes:
            program.ask(wish)
        self.assertEqual(len(browser.ask("GET", "/api/conversations")["conversations"]),
                         len(wishes))

    def test_what_is_wrong_is_said_as_the_protocol_has_it(self):
        serve = self.serve(*self.FLAGS)
        program = self.program(serve)
        for token in ("", "cp_" + "0" * 64, "x"):
            status, body = Program(serve, token).send("GET", "/v1/models")
            self.assertEqual((status, body["error"]["code"]), (401, "invalid_api_key"))
        for body, status in ((program.chat(WISH, "an answer"), 400), ({"model": MODEL}, 400),
                             ({**program.chat(WISH), "model": "gpt-5"}, 404),
                             (program.chat("  "), 400), ([], 400)):
            got, answer = program.send("POST", "/v1/chat/completions", body)
            self.assertEqual(got, status, body)
            self.assertRegex(answer["error"]["message"], r"\w")
        self.assertEqual(program.send("GET", "/v1/embeddings")[0], 404)

    def test_without_the_flags_there_is_no_such_door(self):
        serve = self.serve("--demo")
        program = self.program(serve)
        self.assertEqual(program.send("GET", "/v1/models")[0], 404)
        self.assertEqual(program.send("POST", "/mcp", {})[0], 403)

    def test_who_goes_away_stops_the_answer(self):
        serve = self.serve(*self.FLAGS)
        browser = Browser(serve).pair()
        program = self.program(serve)
        said = [WISH]
        said += [program.ask(*said), "buy the cheapest"]
        said += [program.ask(*said), "yes"]
        connection, answer = program.start("POST", "/v1/chat/completions",
                                           program.chat(*said, stream=True))
        browser.question()
        connection.sock.close() if connection.sock else None
        answer.close()
        connection.close()
        end = 100
        while browser.ask("GET", "/api/question")["question"] and end:
            end -= 1
            threading.Event().wait(0.1)
        self.assertTrue(end, "the question stayed open")
        self.assertEqual([entry for entry in self.home.purchases() if entry["state"] == "done"], [])


class Tokens(ProgramCase):
    def test_tokens_are_listed_and_revoked(self):
        serve = self.serve(*self.FLAGS)
        browser = Browser(serve).pair()
        program = self.program(serve)
        made = browser.ask("POST", "/api/tokens", {"name": "my laptop"}, 201)
        other = Program(serve, made["token"])
        self.assertEqual(other.send("GET", "/v1/models")[0], 200)
        listed = browser.ask("GET", "/api/tokens")["tokens"]
        self.assertEqual([entry["name"] for entry in listed], ["test", "my laptop"])
        self.assertGreater(listed[1]["last_used_unix_ms"], 0)
        self.assertNotIn(made["token"], self.home.run("token", "list", "--json").stdout)
        browser.ask("DELETE", f"/api/tokens/{made['id']}")
        self.assertEqual(other.send("GET", "/v1/models")[0], 401)
        revoked = self.home.run("token", "revoke", listed[0]["id"])
        self.assertEqual(revoked.returncode, 0, revoked.stderr)
        self.assertEqual(program.send("GET", "/v1/models")[0], 401)
        again = self.home.run("token", "revoke", listed[0]["id"])
        self.assertEqual((again.returncode, again.stderr.count("\n")), (2, 1))

    def test_a_token_belongs_to_its_person(self):
        serve = self.behind_proxy("--openai-api", "--public-url", "https://shop.example/")
        ada, ben = Browser(serve, "ada"), Browser(serve, "ben")
        program = Program(serve, ada.ask("POST", "/api/tokens", {"name": "chat"}, 201)["token"])
        program.ask(WISH)
        self.assertEqual(len(ada.ask("GET", "/api/conversations")["conversations"]), 1)
        self.assertEqual(ben.ask("GET", "/api/conversations")["conversations"], [])
        listed = self.home.run("token", "list")
        self.assertRegex(listed.stdout, r"ada chat used \d")
        # One of the paired page opens nothing here.
        self.assertEqual(self.program(serve).send("GET", "/v1/models")[0], 401)
        token = ada.ask("GET", "/api/tokens")["tokens"][0]["id"]
        self.assertEqual(ben.send("DELETE", f"/api/tokens/{token}")[0], 404)


class Mcp(ProgramCase):
    def test_a_token_opens_mcp_in_the_same_process(self):
        serve = self.serve(*self.FLAGS)
        program = self.program(serve)
        initialize = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
            "protocolVersion": "2025-06-18", "capabilities": {},
            "clientInfo": {"name": "test", "version": "1"}}}
        accepts = {"Accept": "application/json, text/event-stream"}
        self.assertEqual(Program(serve, "").send("POST", "/mcp", initialize, **accepts)[0], 401)
        connection, answer = program.start("POST", "/mcp", initialize, **accepts)
        self.assertEqual(answer.status, 200)
        session = answer.getheader("Mcp-Session-Id")
        self.assertRegex(session, r"\w")
        connection.close()
        call = {"jsonrpc": "2.0", "id": 2, "method": "tools/list", "params": {}}
        status, body = program.send("POST", "/mcp", call, **accepts, **{
            "Mcp-Session-Id": session, "MCP-Protocol-Version": "2025-06-18"})
        self.assertEqual(status, 200)
        self.assertIn("confirm_checkout", [tool["name"] for tool in body["result"]["tools"]])
        token = json.loads(self.home.run("token", "list", "--json").stdout)[0]["id"]
        self.assertEqual(self.home.run("token", "revoke", token).returncode, 0)
        self.assertEqual(program.send("POST", "/mcp", call, **accepts)[0], 401)

    def test_the_end_of_the_program_does_not_wait_for_a_question_of_a_program(self):
        serve = self.serve(*self.FLAGS)
        program = self.program(serve)
        browser = Browser(serve).pair()
        accepts = {"Accept": "application/json, text/event-stream"}
        initialize = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
            "protocolVersion": "2025-06-18", "capabilities": {},
            "clientInfo": {"name": "test", "version": "1"}}}
        connection, answer = program.start("POST", "/mcp", initialize, **accepts)
        session = {"Mcp-Session-Id": answer.getheader("Mcp-Session-Id"),
                   "MCP-Protocol-Version": "2025-06-18"}
        connection.close()

        def call(tool, **arguments):
            status, body = program.send("POST", "/mcp", {
                "jsonrpc": "2.0", "id": 2, "method": "tools/call",
                "params": {"name": tool, "arguments": arguments}}, **accepts, **session)
            self.assertEqual(status, 200, body)
            return json.loads(body["result"]["content"][0]["text"])

        intent = call("create_intent", query="wireless headphones")
        offers = call("get_intent_offers", intent_id=intent["id"])
        offer = next(o for o in offers["items"] if o.get("items"))
        checkout = call("create_checkout", offer_id=offer["id"],
                        items=[{"product_id": offer["items"][0]["product_id"], "quantity": 1}])
        checkout = checkout["id"]
        call("quote_checkout", checkout_id=checkout,
             items=[{"product_id": offer["items"][0]["product_id"], "quantity": 1}])
        call("request_approval", checkout_id=checkout)
        thread = threading.Thread(target=lambda: self.quietly(
            lambda: call("approve_checkout", checkout_id=checkout)))
        thread.start()
        browser.question()
        begun = time.monotonic()
        self.assertEqual(serve.stop(), 0)
        self.assertLess(time.monotonic() - begun, 15)  # the question would be open for minutes
        thread.join(LIMIT)

    @staticmethod
    def quietly(work):
        try:
            work()
        except (OSError, AssertionError, http.client.HTTPException, ValueError):
            pass


if __name__ == "__main__":
    unittest.main()

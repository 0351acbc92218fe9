"""Model servers for agent applications: a model that buys headphones, behind three vendors' APIs.

Every request holds the whole conversation. The model looks at the results it holds and makes the next call; after the
confirm it says what the shop said, and ends.
"""
import http.server
import json
import threading

STEPS = ("create_intent", "get_intent_offers", "create_checkout", "quote_checkout", "request_approval",
         "approve_checkout", "confirm_checkout")


def texts_in(value):
    """All texts in a result, whatever the application put around them."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        value = list(value.values())
    return "\n".join(texts_in(inner) for inner in value) if isinstance(value, list) else ""


def first_object(text):
    """The first JSON object in a text."""
    for at in (index for index, letter in enumerate(text) if letter == "{"):
        try:
            return json.JSONDecoder().raw_decode(text[at:])[0]
        except json.JSONDecodeError:
            continue
    raise ValueError(f"no object in {text}")


def next_call(results):
    """Name and arguments of the next call, from the (name, text) of the results so far; None at the end."""
    said = {}
    for name, text in results:
        step = next((step for step in STEPS if name.endswith(step)), None)
        if step:
            said[step] = text
    step = next((step for step in STEPS if step not in said), None)
    if step is None:
        return None
    if step == "create_intent":
        return step, {"query": "wireless headphones"}
    if step == "get_intent_offers":
        return step, {"intent_id": first_object(said["create_intent"])["id"]}
    offers = first_object(said["get_intent_offers"])["items"]
    offer = next(offer for offer in offers if offer.get("items"))
    items = [{"product_id": offer["items"][0]["product_id"], "quantity": 1}]
    if step == "create_checkout":
        return step, {"offer_id": offer["id"], "items": items}
    checkout = first_object(said["create_checkout"])["id"]
    if step == "quote_checkout":
        return step, {"checkout_id": checkout, "items": items}
    return step, {"checkout_id": checkout}


def full_name(tools, step):
    """How the application calls one of our tools; None when it does not offer it in this request."""
    return next((name for name in tools if name.endswith(step)), None)


class Responses:
    """OpenAI Responses, as Codex speaks it."""
    path = "/responses"

    @staticmethod
    def read(body):
        names = {}
        results = []
        for item in body["input"]:
            if item.get("type") == "function_call":
                names[item["call_id"]] = item["name"]
            elif item.get("type") == "function_call_output":
                results.append((names[item["call_id"]], texts_in(item["output"])))
        tools = {}
        for tool in body.get("tools", []):
            for inner in tool.get("tools", [tool]):
                tools[inner.get("name", "")] = tool["name"] if "tools" in tool else None
        return tools, results

    @staticmethod
    def write(call, text, number, tools):
        if call:
            item = {"type": "function_call", "id": f"fc_{number}", "call_id": f"call_{number}",
                    "name": call[0], "arguments": json.dumps(call[1]), "status": "completed"}
            if tools[call[0]]:
                item["namespace"] = tools[call[0]]
        else:
            item = {"type": "message", "id": f"msg_{number}", "role": "assistant",
                    "status": "completed",
                    "content": [{"type": "output_text", "text": text, "annotations": []}]}
        done = {"id": f"resp_{number}", "object": "response", "status": "completed",
                "output": [item],
                "usage": {"input_tokens": 1, "output_tokens": 1, "total_tokens": 2,
                          "input_tokens_details": {"cached_tokens": 0},
                          "output_tokens_details": {"reasoning_tokens": 0}}}
        events = [{"type": "response.created", "response": {**done, "status": "in_progress"}},
                  {"type": "response.output_item.done", "output_index": 0, "item": item},
                  {"type": "response.completed", "response": done}]
        return "".join(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n"
                       for event in events)


class Gemini:
    """generateContent, as Gemini CLI speaks it."""
    path = "GenerateContent"

    @staticmethod
    def read(body):
        results = []
        for content in body.get("contents", []):
            for part in content.get("parts", []):
                if "functionResponse" in part:
                    answered = part["functionResponse"]
                    results.append((answered["name"], texts_in(answered["response"])))
        tools = {declared["name"]: None for tool in body.get("tools", [])
                 for declared in tool.get("functionDeclarations", [])}
        return tools, results

    @staticmethod
    def write(call, text, _number, _tools):
        part = {"functionCall": {"name": call[0], "args": call[1]}} if call else {"text": text}
        answer = {"candidates": [{"content": {"role": "model", "parts": [part]},
                                  "finishReason": "STOP", "index": 0}],
                  "usageMetadata": {"promptTokenCount": 1, "candidatesTokenCount": 1,
                                    "totalTokenCount": 2}}
        return f"data: {json.dumps(answer)}\r\n\r\n"


class Completions:
    """OpenAI Chat Completions, as opencode speaks it."""
    path = "/chat/completions"

    @staticmethod
    def read(body):
        names = {}
        results = []
        for message in body["messages"]:
            for call in message.get("tool_calls") or []:
                names[call["id"]] = call["function"]["name"]
            if message["role"] == "tool":
                results.append((names[message["tool_call_id"]], texts_in(message["content"])))
        return {tool["function"]["name"]: None for tool in body.get("tools") or []}, results

    @staticmethod
    def write(call, text, number, _tools):
        if call:
            delta = {"role": "assistant", "tool_calls": [
                {"index": 0, "id": f"call_{number}", "type": "function",
                 "function": {"name": call[0], "arguments": json.dumps(call[1])}}]}
        else:
            delta = {"role": "assistant", "content": text}
        head = {"id": f"chat_{number}", "object": "chat.completion.chunk", "created": 1,
                "model": "local-model"}
        chunks = [{**head, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]},
                  {**head, "choices": [{"index": 0, "delta": {},
                                        "finish_reason": "tool_calls" if call else "stop"}],
                   "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}}]
        return "".join(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks) + "data: [DONE]\n\n"


class ModelServer:
    """One of the APIs on a free port of 127.0.0.1. `bodies` holds what came."""

    def __init__(self, api):
        self.bodies = []
        self.results = []
        self.last_text = None
        server = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                server.bodies.append(body)
                if api.path.lower() not in self.path.lower():
                    return self.answer("application/json", json.dumps({"totalTokens": 1}))
                tools, results = api.read(body)
                step = next_call(results)
                name = full_name(tools, step[0]) if step else None
                # A request without our tools is one for a title.
                call = (name, step[1]) if name else None
                if results:
                    server.results = results
                server.last_text = "Done." if not step else "Headphones"
                self.answer("text/event-stream",
                            api.write(call, server.last_text, len(server.bodies), tools))

            def do_GET(self):
                self.answer("application/json", json.dumps({"object": "list", "data": []}))

            def answer(self, kind, text):
                data = text.encode()
                self.send_response(200)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

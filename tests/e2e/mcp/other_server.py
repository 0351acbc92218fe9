"""An MCP server of somebody else, for tests: legacy or modern, on pipes or over HTTP.

Variables: ERA (legacy, modern), TOOLS (a file with the declarations, read for every list), TRACE (a
file that each start and each call is written to), DIES (ends at the first call).
"""
import http.server
import json
import os
import sys

MODERN = "2026-07-28"
ERA = os.environ.get("ERA", "modern")


def trace(text):
    if "TRACE" in os.environ:
        with open(os.environ["TRACE"], "a") as file:
            file.write(text + "\n")


def declarations():
    if "TOOLS" in os.environ:
        with open(os.environ["TOOLS"]) as file:
            return json.load(file)
    return [{"name": "look", "description": "Looks at a text.",
             "inputSchema": {"type": "object", "properties": {"text": {"type": "string"}}}}]


def call(params):
    trace("call " + params["name"])
    if os.environ.get("DIES"):
        os._exit(1)
    if params["name"] == "environment":
        text = json.dumps(dict(os.environ))
    else:
        text = "seen: " + str(params.get("arguments", {}).get("text"))
    return {"content": [{"type": "text", "text": text}]}


def answer(message):
    """The response to a request; None for a notification."""
    if "id" not in message:
        return None
    method, params = message["method"], message.get("params", {})
    modern = "io.modelcontextprotocol/protocolVersion" in params.get("_meta", {})
    result = None
    if method == "initialize" and ERA == "legacy":
        result = {"protocolVersion": params["protocolVersion"], "capabilities": {"tools": {}},
                  "serverInfo": {"name": "other", "version": "1"}}
    elif modern == (ERA == "modern"):
        if method == "server/discover":
            result = {"supportedVersions": [MODERN], "capabilities": {"tools": {}}}
        elif method == "tools/list":
            result = {"tools": declarations()}
        elif method == "tools/call":
            result = call(params)
    if result is None:
        return {"jsonrpc": "2.0", "id": message["id"],
                "error": {"code": -32601, "message": "no such method"}}
    if modern:
        result["resultType"] = "complete"
    return {"jsonrpc": "2.0", "id": message["id"], "result": result}


def serve_pipe():
    trace("start")
    print("a word on standard error", file=sys.stderr)
    for line in sys.stdin:
        response = answer(json.loads(line))
        if response is not None:
            print(json.dumps(response), flush=True)


class Handler(http.server.BaseHTTPRequestHandler):
    """Over HTTP; `seen` holds the headers of all requests."""
    protocol_version = "HTTP/1.1"
    seen = []

    def do_POST(self):
        message = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.seen.append(dict(self.headers))
        response = answer(message)
        data = b"" if response is None else json.dumps(response).encode()
        self.send_response(202 if response is None else 200)
        if message["method"] == "initialize":
            self.send_header("Mcp-Session-Id", "session-1")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    serve_pipe()

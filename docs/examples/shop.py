#!/usr/bin/env python3
"""Buys the cheapest offer for WISH: shop.py WISH [FLAGS OF cartpilot tools handle].
The calls below stand for those of a model. Only the person at this terminal can agree to the purchase."""
import json, socket, subprocess, sys, threading

ours, theirs = socket.socketpair()
words = ["cartpilot", "tools", "handle", "--provider", "openai", "--approval-fd", str(theirs.fileno()), *sys.argv[2:]]
handle = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, pass_fds=[theirs.fileno()], encoding="utf-8")
theirs.close()


def printable(text):
    return "".join(c if c.isprintable() else "?" for c in text)


def answer_questions():
    for line in ours.makefile(encoding="utf-8"):
        question = json.loads(line)
        if question["type"] == "approval_request":  # else approval_outcome: what became of an answer
            for field in question["fields"]:
                print(f"  {field['label']:<11} {printable(field['value'])}")
            for text in question["warnings"] + question["notes"]:
                print("  !", printable(text))
            typed = input(f"Type {question['challenge']} to agree, Enter alone says no: ").strip()
            answer = {"id": question["id"], "challenge": typed, "approve": typed != ""}
            ours.sendall((json.dumps(answer) + "\n").encode())


def call(name, **arguments):
    request = {"type": "function_call", "call_id": "1", "name": name, "arguments": json.dumps(arguments)}
    print(json.dumps(request), file=handle.stdin, flush=True)
    return json.loads(json.loads(handle.stdout.readline())["output"])


threading.Thread(target=answer_questions, daemon=True).start()
intent = call("create_intent", query=sys.argv[1])
offers = call("get_intent_offers", intent_id=intent["id"])["items"]
products = [(item["price"]["amount"], offer["id"], item["product_id"]) for offer in offers for item in offer["items"]]
_, offer_id, product_id = min(products)
items = [{"product_id": product_id, "quantity": 1}]
checkout = call("create_checkout", offer_id=offer_id, items=items)["id"]
call("quote_checkout", checkout_id=checkout, items=items)
call("request_approval", checkout_id=checkout)
if not call("approve_checkout", checkout_id=checkout).get("error"):
    call("confirm_checkout", checkout_id=checkout)
handle.stdin.close()
sys.exit(handle.wait())

#!/usr/bin/env node
// Buys the cheapest offer for WISH: shop.mjs WISH [FLAGS OF cartpilot tools handle].
// The calls below stand for those of a model. Only the person at this terminal can agree to the purchase.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { createInterface as createPrompt } from "node:readline/promises";

const [wish, ...flags] = process.argv.slice(2);
const words = ["tools", "handle", "--provider", "openai", "--approval-fd", "3", ...flags];
const handle = spawn("cartpilot", words, { stdio: ["pipe", "pipe", "inherit", "pipe"] }); // 3: a socket
const ended = new Promise((resolve) => handle.on("exit", resolve));
const answers = createInterface({ input: handle.stdout })[Symbol.asyncIterator]();
const person = createPrompt({ input: process.stdin, output: process.stdout });
const printable = (text) => String(text).replace(/[\p{C}\p{Zl}\p{Zp}]/gu, "?");

createInterface({ input: handle.stdio[3] }).on("line", async (line) => {
  const question = JSON.parse(line);
  if (question.type !== "approval_request") return; // approval_outcome: what became of an answer
  for (const { label, value } of question.fields) console.log(`  ${label.padEnd(11)} ${printable(value)}`);
  for (const text of [...question.warnings, ...question.notes]) console.log("  !", printable(text));
  const typed = (await person.question(`Type ${question.challenge} to agree, Enter alone says no: `)).trim();
  const answer = { id: question.id, challenge: typed, approve: typed !== "" };
  handle.stdio[3].write(JSON.stringify(answer) + "\n");
});

async function call(name, args) {
  const request = { type: "function_call", call_id: "1", name, arguments: JSON.stringify(args) };
  handle.stdin.write(JSON.stringify(request) + "\n");
  return JSON.parse(JSON.parse((await answers.next()).value).output);
}

const intent = await call("create_intent", { query: wish });
const offers = (await call("get_intent_offers", { intent_id: intent.id })).items;
const products = offers.flatMap((offer) => offer.items.map((item) => ({ ...item, offer_id: offer.id })));
const { offer_id, product_id } = products.sort((a, b) => a.price.amount - b.price.amount)[0];
const items = [{ product_id, quantity: 1 }];
const checkout_id = (await call("create_checkout", { offer_id, items })).id;
await call("quote_checkout", { checkout_id, items });
await call("request_approval", { checkout_id });
if (!(await call("approve_checkout", { checkout_id })).error) await call("confirm_checkout", { checkout_id });
handle.stdin.end();
process.exitCode = await ended;
person.close();

// A client of the official SDKs that shops: prepares a checkout, asks for approval, confirms, and prints what it got as
// one line of JSON. It accepts every elicitation, forms and pages alike, without a person.
//
//   shopper.mjs legacy|auto|modern TARGET [ARGUMENT...]
//
// TARGET is a program with its arguments, or the address of a server. `legacy` is the SDK that knows `initialize` only,
// the others are the SDK of both eras. CARTPILOT_JS names the folder with node_modules, CARTPILOT_TOKEN the bearer token.
import { createRequire } from 'node:module';
import { join } from 'node:path';

const require = createRequire(join(process.env.CARTPILOT_JS, 'package.json'));
const [era, target, ...rest] = process.argv.slice(2);
const identity = { name: 'shopper', version: '1' };
const capabilities = { elicitation: { form: {}, url: {} } };
let elicitations = 0;

/** Says yes to whatever it is asked. */
function accept(request) {
  elicitations += 1;
  const properties = request.params?.requestedSchema?.properties ?? {};
  const content = Object.fromEntries(Object.entries(properties).map(([name, schema]) =>
    [name, schema.type === 'boolean' ? true : schema.type === 'string' ? 'yes' : 1]));
  return { action: 'accept', content };
}

function transport(Stdio, Http) {
  if (!target.startsWith('http://')) {
    return new Stdio({ command: target, args: rest, env: process.env, stderr: 'inherit' });
  }
  const headers = { Authorization: `Bearer ${process.env.CARTPILOT_TOKEN}` };
  return new Http(new URL(target), { requestInit: { headers } });
}

async function connect() {
  if (era === 'legacy') {
    const { Client } = require('@modelcontextprotocol/sdk/client/index.js');
    const { StdioClientTransport } = require('@modelcontextprotocol/sdk/client/stdio.js');
    const { StreamableHTTPClientTransport } =
      require('@modelcontextprotocol/sdk/client/streamableHttp.js');
    const { ElicitRequestSchema } = require('@modelcontextprotocol/sdk/types.js');
    const client = new Client(identity, { capabilities });
    client.setRequestHandler(ElicitRequestSchema, async (request) => accept(request));
    await client.connect(transport(StdioClientTransport, StreamableHTTPClientTransport));
    return client;
  }
  const { Client, StreamableHTTPClientTransport } = require('@modelcontextprotocol/client');
  const { StdioClientTransport } = require('@modelcontextprotocol/client/stdio');
  const mode = era === 'modern' ? { pin: '2026-07-28' } : 'auto';
  const client = new Client(identity, { capabilities, versionNegotiation: { mode } });
  client.setRequestHandler('elicitation/create', async (request) => accept(request));
  await client.connect(transport(StdioClientTransport, StreamableHTTPClientTransport));
  return client;
}

const client = await connect();
const call = (name, args) => client.callTool({ name, arguments: args });
const texts = (result) => result.content.map((block) => block.text);
const value = (result) => JSON.parse(texts(result).at(-1));

async function get(name, args) {
  const result = await call(name, args);
  if (result.isError) throw new Error(`${name}: ${texts(result)}`);
  return value(result);
}

const tools = (await client.listTools()).tools.map((tool) => tool.name);
const intent = await get('create_intent', { query: 'wireless headphones' });
const offers = await get('get_intent_offers', { intent_id: intent.id });
const offer = offers.items.find((candidate) => candidate.items?.length);
const items = [{ product_id: offer.items[0].product_id, quantity: 1 }];
const checkout = await get('create_checkout', { offer_id: offer.id, items });
await get('quote_checkout', { checkout_id: checkout.id, items });
await get('request_approval', { checkout_id: checkout.id });
const approve = () => call('approve_checkout', { checkout_id: checkout.id });
const confirm = () => call('confirm_checkout', { checkout_id: checkout.id });
// Alone, it may as well try both at once; each waits half a minute for the person.
const [approved, confirmed] = process.env.SHOPPER_ALONE
  ? await Promise.all([approve(), confirm()]) : [await approve(), await confirm()];
const orders = await get('list_orders', {});
console.log(JSON.stringify({
  tools,
  approved: { isError: approved.isError ?? false, code: value(approved).error_code ?? null },
  confirmed: { isError: confirmed.isError ?? false, code: value(confirmed).error_code ?? null },
  orders: orders.items.length,
  elicitations,
}));
await client.close();

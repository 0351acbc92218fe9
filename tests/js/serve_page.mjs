// Plays one scenario of the page of `cartpilot serve` in Chromium. What it needs comes as one JSON
// object in the first argument; what it saw goes to standard output as one JSON object. A failed
// expectation is an exception, and exit code 1. Lines on standard error tell the caller when to
// act.
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {join} from 'node:path';
import {accessible} from './serve_page/accessible.mjs';
import {makeUser} from './serve_page/user.mjs';
import {people} from './serve_page/people.mjs';
import {purchases} from './serve_page/purchases.mjs';
import {turns} from './serve_page/turns.mjs';

const input = JSON.parse(process.argv[2]);
// What npm installed, see scripts/mcp-conformance.
const require = createRequire(join(process.env.CARTPILOT_JS, 'package.json'));
const {chromium} = require('playwright-core');
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

const browser = await chromium.launch({
  executablePath: input.browser,
  // For a machine where the tests run as root, in a container.
  args: ['--no-sandbox'],
});
const scenarios = {...purchases, ...turns, ...people, ...accessible};
let result = null;
try {
  assert.ok(scenarios[input.scenario], `no scenario ${input.scenario}`);
  result = await scenarios[input.scenario](makeUser({...input, chromium: browser, axe})) ?? null;
} finally {
  await browser.close();
}
process.stdout.write(JSON.stringify(result) + '\n');

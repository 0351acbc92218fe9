// Plays one scenario of the approval page in Chromium. What it needs comes as one JSON object in the
// first argument; what it saw goes to standard output as one JSON object. A failed expectation is an
// exception, and exit code 1.
import assert from 'node:assert/strict';
import http from 'node:http';
import {readFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {join} from 'node:path';

const {scenario, url, code, browser: executablePath, pictures} = JSON.parse(process.argv[2]);
// What npm installed, see scripts/mcp-conformance.
const require = createRequire(join(process.env.CARTPILOT_JS, 'package.json'));
const {chromium} = require('playwright-core');
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const kNarrow = {width: 320, height: 640};
const place = new URL(url).host;

const browser = await chromium.launch({
  executablePath,
  // For a machine where the tests run as root, in a container.
  args: ['--no-sandbox', `--host-resolver-rules=MAP rebound.example 127.0.0.1`],
});

async function openPage(options = {}, address = url) {
  const context = options.context ?? await browser.newContext(options);
  const page = await context.newPage();
  page.problems = [];
  page.foreign = [];
  page.on('pageerror', (error) => page.problems.push(String(error)));
  page.on('request', (request) => {
    if (new URL(request.url()).host !== place) page.foreign.push(request.url());
  });
  await page.goto(address);
  return page;
}

async function pair(page) {
  await page.getByLabel('Pairing code').waitFor();
  assert.equal(await focused(page), 'pairing-code');
  await page.keyboard.type(code);
  await page.keyboard.press('Enter');
}

const focused = (page) => page.evaluate(() => document.activeElement.id);

/// What is to be typed, once the question waits for its answer.
async function toType(page) {
  await page.locator('#answer').waitFor();
  const text = await page.locator('#request').textContent();
  const [, total, letters] = text.match(/total \((.*?)\) and the code \((.*?)\)/);
  return `${total} ${letters}`;
}

/// Scrolls as a person who reads to the end.
async function readToTheEnd(page) {
  await page.locator('#question').waitFor();
  await page.locator('#receipt-end').scrollIntoViewIfNeeded();
}

async function violations(page) {
  await page.evaluate(axe);
  const found = await page.evaluate(() => window.axe.run(document, {
    runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
  }));
  return found.violations.map((one) => `${one.id}: ${one.nodes.map((n) => n.html).join(' ')}`);
}

async function picture(page, name) {
  if (pictures) await page.screenshot({path: `${pictures}/${name}.png`, fullPage: true});
}

function assertNothingFromElsewhere(page) {
  assert.deepEqual(page.problems, []);
  assert.deepEqual(page.foreign, []);
}

const scenarios = {
  // With the keyboard alone.
  async approve() {
    const page = await openPage();
    await pair(page);
    await readToTheEnd(page);
    const typed = await toType(page);
    assert.equal(await focused(page), 'no');
    const order = [];
    for (let i = 0; i < 2; ++i) {
      await page.keyboard.press('Tab');
      order.push(await focused(page));
      if (order.at(-1) === 'typed') await page.keyboard.type(typed);
    }
    assert.deepEqual(order, ['typed', 'yes']);
    await picture(page, 'approval-page');
    await page.keyboard.press('Enter');
    await page.getByText('Approved by you. Not bought yet.').waitFor();
    assertNothingFromElsewhere(page);
  },

  async decline() {
    const page = await openPage();
    await pair(page);
    await readToTheEnd(page);
    await toType(page);
    assert.equal(await focused(page), 'no');
    await page.keyboard.press('Enter');
    await page.getByText('You said no. Nothing was bought.').waitFor();
  },

  // The answer stays away until the end of the receipt has been on the screen.
  async scroll() {
    const page = await openPage({viewport: {width: 320, height: 200}});
    const asked = [];
    page.on('request', (request) => asked.push(new URL(request.url()).pathname));
    await pair(page);
    await page.locator('#question').waitFor();
    await page.waitForTimeout(1500);
    assert.equal(await page.locator('#answer').isVisible(), false);
    assert.ok(!asked.includes('/shown'));
    await readToTheEnd(page);
    await toType(page);
    assert.ok(asked.includes('/shown'));
  },

  // The same basket twice; a wrong answer first.
  async twice() {
    const page = await openPage();
    await pair(page);
    await readToTheEnd(page);
    const first = await toType(page);
    await page.locator('#typed').fill('1.00 abcd');
    await page.locator('#yes').click();
    await page.getByText('You may answer once more, with a new code.').waitFor();
    await page.waitForFunction((old) => !document.getElementById('request').textContent.includes(old),
                               first.split(' ')[1]);
    const second = await toType(page);
    await page.locator('#typed').fill(second);
    await page.locator('#yes').click();
    await page.getByText('AGAIN: the same basket was bought already.').waitFor();
    await page.waitForFunction((old) => !document.getElementById('request').textContent.includes(old),
                               second.split(' ')[1]);
    assert.equal(await focused(page), 'no');
    await page.locator('#typed').fill(await toType(page));
    await page.locator('#yes').click();
    await page.getByText('Approved by you. Not bought yet.').waitFor();
  },

  async two_tabs() {
    const context = await browser.newContext();
    const one = await openPage({context});
    await pair(one);
    const other = await openPage({context});
    await readToTheEnd(other);
    await toType(other);
    await one.bringToFront();
    await readToTheEnd(one);
    const typed = await toType(one);
    await other.bringToFront();
    await other.locator('#no').click();
    await other.getByText('You said no. Nothing was bought.').waitFor();
    await one.bringToFront();
    const sent = one.locator('#typed').fill(typed).then(() => one.locator('#yes').click());
    await Promise.allSettled([sent]);
    await one.getByText(/declined already|The question is closed/).waitFor();
  },

  // The caller ends the program that asked once the question is on the screen.
  async closed() {
    const page = await openPage();
    await pair(page);
    await readToTheEnd(page);
    await toType(page);
    console.error('shown');
    await page.getByText('The question is closed').waitFor();
    assert.equal(await page.locator('#answer').isVisible(), false);
  },

  // A page of another site, with the person's own paired browser.
  async foreign_page() {
    const context = await browser.newContext();
    const own = await openPage({context});
    await pair(own);
    await readToTheEnd(own);
    await toType(own);
    const site = http.createServer((_, answer) => {
      answer.setHeader('Content-Type', 'text/html');
      answer.end(`<iframe id="frame" src="${url}"></iframe>`);
    });
    await new Promise((resolve) => site.listen(0, '127.0.0.1', resolve));
    const page = await context.newPage();
    // The same host with another port is the same site to a cookie.
    await page.goto(`http://127.0.0.1:${site.address().port}/`);
    const seen = await page.evaluate(async (target) => {
      const statuses = [];
      for (const [path, options] of [
        ['question', {credentials: 'include'}],
        ['answer', {method: 'POST', credentials: 'include', body: '{"token":"x","typed":"y"}',
                    headers: {'Content-Type': 'application/json'}}],
        ['decline', {method: 'POST', credentials: 'include', mode: 'no-cors',
                     body: '{"token":"x"}'}]]) {
        try {
          statuses.push((await fetch(target + path, options)).type);
        } catch {
          statuses.push('refused');
        }
      }
      return statuses;
    }, url);
    assert.deepEqual(seen, ['refused', 'refused', 'refused']);
    const frames = page.frames().slice(1);
    for (const frame of frames) assert.ok(!frame.url().startsWith(url), frame.url());
    site.close();
    await own.bringToFront();
    assert.equal(await own.locator('#answer').isVisible(), true);
  },

  async rebinding() {
    const page = await (await browser.newContext()).newPage();
    const answer = await page.goto(`http://rebound.example:${new URL(url).port}/`);
    assert.equal(answer.status(), 403);
    const seen = await page.evaluate(() => fetch('/question').then((one) => one.status));
    assert.equal(seen, 403);
  },

  // 320 px, light and dark, every state: axe finds nothing, nothing is wider than the screen.
  async accessible() {
    const found = {};
    for (const colorScheme of ['light', 'dark']) {
      const look = async (page, state) => {
        const wide = await page.evaluate(() => document.documentElement.scrollWidth);
        assert.ok(wide <= kNarrow.width, `${state}: ${wide} px`);
        const small = await page.evaluate(() =>
          [...document.querySelectorAll('button, input')].filter((one) => one.offsetHeight > 0 &&
              one.getBoundingClientRect().height < 44).map((one) => one.id));
        assert.deepEqual(small, [], state);
        found[`${state}, ${colorScheme}`] = await violations(page);
        await picture(page, `approval-page-${state}-${colorScheme}`);
      };
      // The page lets no other script in; the one that looks for problems is let in from outside.
      const page = await openPage({viewport: kNarrow, colorScheme, bypassCSP: true});
      await page.getByLabel('Pairing code').waitFor();
      await look(page, 'pairing');
      if (colorScheme === 'dark') {
        // The code is good for one browser.
        await pair(page);
        await readToTheEnd(page);
        await toType(page);
        await look(page, 'question');
        await page.emulateMedia({colorScheme: 'light'});
        found['question, light'] = await violations(page);
        await page.locator('#no').click();
        await page.getByText('You said no. Nothing was bought.').waitFor();
        await look(page, 'answered');
        assertNothingFromElsewhere(page);
      }
    }
    for (const [state, problems] of Object.entries(found)) assert.deepEqual(problems, [], state);
    return Object.keys(found);
  },

  // A title with markup stays text.
  async markup() {
    const page = await openPage();
    page.on('dialog', () => page.problems.push('a dialog'));
    await pair(page);
    await readToTheEnd(page);
    const text = await page.locator('#receipt').innerText();
    const elements = await page.evaluate(() =>
      [...document.querySelectorAll('#receipt *')].map((one) => one.tagName));
    assert.deepEqual([...new Set(elements)].sort(), ['DD', 'DIV', 'DT']);
    assertNothingFromElsewhere(page);
    return text;
  },
};

let result = null;
try {
  result = await scenarios[scenario]() ?? null;
} finally {
  await browser.close();
}
process.stdout.write(JSON.stringify(result) + '\n');

// What a person does at the page, for the scenarios.
import assert from 'node:assert/strict';

export const kNarrow = {width: 320, height: 640};
export const kWish = 'I need wireless headphones under $100';

/// `input`: url, code, pictures (a folder), chromium (the browser), axe (its text), and for a
/// proxy person_header (its name) and headers (what it adds as well).
export function makeUser(input) {
  const place = new URL(input.url).host;
  const user = {
    input,

    async openPage(options = {}, address = input.url) {
      const {context: given, ...rest} = options;
      const context = given ?? await input.chromium.newContext({acceptDownloads: true, ...rest});
      const page = await context.newPage();
      page.problems = [];
      page.foreign = [];
      page.on('pageerror', (error) => page.problems.push(String(error)));
      page.on('dialog', () => page.problems.push('a dialog of the browser'));
      page.on('console', (message) => {
        if (/Content Security Policy|TrustedHTML/.test(message.text())) {
          page.problems.push(message.text());
        }
      });
      page.on('request', (request) => {
        const url = new URL(request.url());
        if (url.protocol !== 'blob:' && url.host !== place) page.foreign.push(request.url());
      });
      await page.goto(address);
      return page;
    },

    async pair(page) {
      await page.getByLabel('Pairing code').waitFor();
      assert.equal(await user.focused(page), 'pairing-code');
      await page.keyboard.type(input.code);
      await page.keyboard.press('Enter');
      await page.locator('#talk').waitFor();
    },

    async openPaired(options) {
      const page = await user.openPage(options);
      await user.pair(page);
      return page;
    },

    focused: (page) => page.evaluate(() => document.activeElement.id),
    awaitFocus: (page, id) =>
      page.waitForFunction((wanted) => document.activeElement.id === wanted, id),
    url: (path) => new URL(path, input.url).href,

    /// Says something and waits for the end of the answer.
    async say(page, text) {
      const before = await page.locator('#messages .user').count();
      await page.locator('#message').fill(text);
      await page.locator('#message').press('Enter');
      await page.waitForFunction((count) =>
        document.querySelectorAll('#messages .user').length > count, before);
      await user.turnEnds(page);
    },

    turnEnds: (page) => page.waitForFunction(() => document.getElementById('stop').hidden),

    /// Looks for something and has the cheapest of it prepared.
    async prepare(page) {
      await user.say(page, kWish);
      await page.locator('.card').first().waitFor();
      await user.say(page, 'buy the cheapest');
    },

    /// Says yes, so that the program asks; nothing waits for the end of the turn.
    async agree(page) {
      await page.locator('#message').fill('yes');
      await page.locator('#message').press('Enter');
      await page.locator('#approval').waitFor();
    },

    async readToTheEnd(page) {
      await page.locator('#receipt-end').scrollIntoViewIfNeeded();
    },

    /// What is to be typed, once the question waits for its answer.
    async toType(page) {
      await page.locator('#answer').waitFor();
      const text = await page.locator('#request').textContent();
      const [, total, letters] = text.match(/total \((.*?)\) and the code \((.*?)\)/);
      return `${total} ${letters}`;
    },

    async bought(page) {
      const record = page.locator('.purchase').last();
      await record.getByText('Bought', {exact: true}).waitFor();
      await user.turnEnds(page);
      return record.innerText();
    },

    async violations(page) {
      await page.evaluate(input.axe);
      const found = await page.evaluate(() => window.axe.run(document, {
        runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
      }));
      return found.violations.map((one) => `${one.id}: ${one.nodes.map((n) => n.html).join(' ')}`);
    },

    /// Nothing is wider than the screen, and whatever is pressed is large enough for a finger.
    async assertFits(page, state) {
      const {wide, small} = await page.evaluate(() => ({
        wide: document.documentElement.scrollWidth - innerWidth,
        small: [...document.querySelectorAll('button, input, textarea, summary, nav a')]
          .filter((one) => one.checkVisibility({visibilityProperty: true}))
          // Its label is pressed as well.
          .map((one) => one.type === 'checkbox' ? one.parentElement : one)
          .map((one) => [one, one.getBoundingClientRect()])
          .filter(([, box]) => box.width > 1 && (box.height < 43.9 || box.width < 43.9))
          .map(([one, box]) =>
            `${one.tagName} ${one.id || one.textContent} ${box.width}x${box.height}`),
      }));
      assert.ok(wide <= 0, `${state}: ${wide} px too wide`);
      assert.deepEqual(small, [], state);
    },

    async picture(page, name) {
      if (input.pictures) await page.screenshot({path: `${input.pictures}/${name}.png`});
    },

    assertNothingFromElsewhere(page) {
      assert.deepEqual(page.problems, []);
      assert.deepEqual(page.foreign, []);
    },
  };
  return user;
}

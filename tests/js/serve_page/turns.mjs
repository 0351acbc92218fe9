// Turns that take their time, lost connections, and the list of conversations.
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {kWish} from './user.mjs';

/// Hides the tab, or shows it again, as far as the page can see.
async function setHidden(page, hidden) {
  await page.evaluate((value) => {
    Object.defineProperty(document, 'hidden', {value, configurable: true});
    document.dispatchEvent(new Event('visibilitychange'));
  }, hidden);
}

const textOf = (page) => page.locator('.assistant').last().innerText();

/// The numbers of the sentences on the screen.
async function numbersIn(page) {
  return [...(await textOf(page)).matchAll(/Sentence (\d+)\./g)].map((found) => Number(found[1]));
}

/// Each sentence once and in order.
function assertWhole(numbers) {
  assert.ok(numbers.length > 0);
  assert.deepEqual(numbers, numbers.map((_, index) => index + 1));
}

/// Says something to a model that writes slowly, and waits for its first words.
async function begin(user, page, text) {
  await page.locator('#message').fill(text);
  await page.locator('#message').press('Enter');
  await page.locator('.assistant').last().waitFor();
  await page.waitForFunction(() =>
    document.querySelector('.assistant:last-of-type')?.textContent.length > 20);
}

export const turns = {
  // The model of the caller writes numbered sentences, a few each second: "Sentence 1. ..."
  async reload_in_the_middle(user) {
    const page = await user.openPaired();
    await begin(user, page, 'write slowly');
    assert.equal(await page.locator('#stop').isVisible(), true);
    await page.reload();
    await page.waitForFunction(() =>
      /Sentence 1\. /.test(document.getElementById('messages').textContent));
    assert.equal(await page.locator('#stop').isVisible(), true);
    console.error('reloaded');
    await user.turnEnds(page);
    const text = await textOf(page);
    const numbers = await numbersIn(page);
    assertWhole(numbers);
    assert.equal(await page.locator('.user').count(), 1);
    assert.equal(await page.locator('.assistant').count(), 1);
    await page.reload();
    await page.locator('.assistant').waitFor();
    assert.equal(await textOf(page), text);
    user.assertNothingFromElsewhere(page);
    return numbers.length;
  },

  // A hidden tab lets its connection go and goes on afterwards where it was.
  async hidden_tab(user) {
    const page = await user.openPaired();
    const after = [];  // where the streams began
    let ended = 0;
    const streams = (take) => (request) => {
      const url = new URL(request.url());
      if (url.pathname.endsWith('/events')) take(Number(url.searchParams.get('after')));
    };
    page.on('request', streams((number) => after.push(number)));
    page.on('requestfailed', streams(() => ++ended));
    await begin(user, page, 'write slowly');
    await setHidden(page, true);
    await page.waitForTimeout(500);
    assert.equal(ended, 1);
    const before = (await textOf(page)).length;
    await page.waitForTimeout(1000);
    assert.equal((await textOf(page)).length, before);
    await setHidden(page, false);
    await user.turnEnds(page);
    assert.equal(after.length, 2);
    assert.ok(after[1] > after[0], 'only what is new is sent again');
    const numbers = await numbersIn(page);
    assertWhole(numbers);
    user.assertNothingFromElsewhere(page);
    return numbers.length;
  },

  async stop(user) {
    const page = await user.openPaired();
    await begin(user, page, 'write slowly');
    await page.locator('#log').focus();
    await page.keyboard.press('Escape');
    await page.getByText('You stopped the answer.').waitFor();
    await user.turnEnds(page);
    await user.awaitFocus(page, 'message');
    const before = (await textOf(page)).length;
    await page.waitForTimeout(700);
    assert.equal((await textOf(page)).length, before);
    await begin(user, page, 'write slowly once more');
    await page.locator('#stop').click();
    const stops = page.getByText('You stopped the answer.');
    await stops.nth(1).waitFor();
    await user.turnEnds(page);
    assert.equal(await page.locator('.user').count(), 2);
    user.assertNothingFromElsewhere(page);
  },

  // The caller ends the program at 'lost?' and starts it again at 'back?'.
  async lost_connection(user) {
    const page = await user.openPaired();
    await user.say(page, kWish);
    console.error('lost?');
    await page.locator('#connection', {hasText: 'The connection is lost. Trying again.'}).waitFor();
    await page.locator('#message').fill('buy the cheapest');
    await page.locator('#message').press('Enter');
    await page.getByText('The program does not answer. It may have ended.').waitFor();
    assert.equal(await page.locator('#message').inputValue(), 'buy the cheapest');
    console.error('back?');
    // The browser is still paired, and the conversation goes on.
    await page.waitForFunction(() => document.getElementById('connection').textContent === '');
    await page.locator('#message').press('Enter');
    await page.locator('.user', {hasText: 'buy the cheapest'}).waitFor();
    await user.turnEnds(page);
    assert.equal(await page.locator('.user').count(), 2);
    user.assertNothingFromElsewhere(page);
  },

  async list(user) {
    const page = await user.openPaired();
    await user.say(page, 'I need a desk lamp');
    await page.locator('#new-button').click();
    await user.awaitFocus(page, 'message');
    await user.say(page, kWish);
    const entries = page.locator('#conversations a');
    await page.waitForFunction(() => document.querySelectorAll('#conversations a').length === 2);
    await entries.filter({hasText: 'headphones'}).and(page.locator('[aria-current=page]'))
      .waitFor();
    // Search.
    await page.locator('#search').fill('desk lamp');
    await page.waitForFunction(() => document.querySelectorAll('#conversations a').length === 1);
    assert.equal(await page.locator('#list-status').textContent(), '1 found.');
    await entries.first().click();
    await page.locator('.user', {hasText: 'desk lamp'}).waitFor();
    await page.locator('#search').fill('');
    await page.waitForFunction(() => document.querySelectorAll('#conversations a').length === 2);
    // Rename, by keyboard.
    const actions = (title) =>
      page.getByRole('button', {name: new RegExp(`^Actions for .*${title}`)});
    await actions('desk lamp').focus();
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await user.awaitFocus(page, 'rename-title');
    await page.keyboard.type('Light for the desk <b>');
    await page.keyboard.press('Enter');
    await entries.filter({hasText: 'Light for the desk <b>'}).waitFor();
    assert.match(await page.title(), /^Light for the desk <b>/);
    // Export.
    const files = {};
    for (const [name, ending] of [['Export as Markdown', 'md'], ['Export as JSON', 'json']]) {
      const [download] = await Promise.all([page.waitForEvent('download'),
                                            page.getByRole('button', {name}).click()]);
      assert.ok(download.suggestedFilename().endsWith(`.${ending}`));
      files[ending] = readFileSync(await download.path(), 'utf8');
    }
    assert.match(files.md, /desk lamp/);
    JSON.parse(files.json);
    // Delete, which is asked; what keeps it comes first.
    await page.getByRole('button', {name: 'Delete'}).click();
    await page.getByText('Delete this conversation?').waitFor();
    assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Keep it');
    await page.keyboard.press('Escape');
    assert.equal(await entries.count(), 2);
    await page.getByRole('button', {name: 'Delete'}).click();
    await page.locator('#delete-dialog button.danger').click();
    await page.waitForFunction(() => document.querySelectorAll('#conversations a').length === 1);
    await page.locator('#empty').waitFor();
    assert.doesNotMatch(page.url(), /#c\//);
    user.assertNothingFromElsewhere(page);
  },
};

// Several tabs, several people, pages of others.
import assert from 'node:assert/strict';
import {kWish} from './user.mjs';

export const people = {
  async two_tabs(user) {
    const context = await user.input.chromium.newContext();
    const one = await user.openPaired({context});
    await user.say(one, kWish);
    const other = await user.openPage({context}, one.url());
    await other.locator('.card').first().waitFor();
    // What is said in one is seen in both.
    await user.say(one, 'the cheapest');
    await other.locator('.user', {hasText: 'the cheapest'}).waitFor();
    await user.agree(one);
    await other.locator('#approval').waitFor();
    await other.bringToFront();
    await user.readToTheEnd(other);
    await user.toType(other);
    await one.bringToFront();
    await user.readToTheEnd(one);
    const typed = await user.toType(one);
    await other.bringToFront();
    await other.locator('#no').click();
    await other.locator('#approval').waitFor({state: 'hidden'});
    await one.bringToFront();
    await Promise.allSettled([
      one.locator('#typed').fill(typed, {timeout: 2000})
        .then(() => one.locator('#yes').click({timeout: 2000}))]);
    await one.locator('#approval').waitFor({state: 'hidden'});
    for (const page of [one, other]) {
      await user.turnEnds(page);
      assert.doesNotMatch(await page.locator('#messages').innerText(), /^Bought$/m);
      user.assertNothingFromElsewhere(page);
    }
  },

  // A question stays in view in another conversation, and tells where it comes from.
  async question_of_another_conversation(user) {
    const page = await user.openPaired();
    await user.prepare(page);
    await user.agree(page);
    await page.locator('#new-button').click();
    await page.locator('#empty').waitFor();
    assert.ok(await page.locator('#approval').isVisible());
    await page.locator('#question-from a').waitFor();
    assert.match(await page.title(), /^\(1\) /);
    await user.readToTheEnd(page);
    await user.toType(page);
    await page.locator('#no').click();
    await page.locator('#answered').waitFor();
    assert.match(await page.locator('#answered-text').textContent(),
                 /^You said no\. Nothing was bought\./);
    await page.locator('#answered-text a').click();
    await page.locator('.user', {hasText: 'yes'}).waitFor();
    await page.locator('#messages').getByText(/not bought|nothing was bought: /i).first().waitFor();
    user.assertNothingFromElsewhere(page);
  },

  // Behind a proxy that names ann and bob.
  async two_people(user) {
    const open = (name) => user.openPage({extraHTTPHeaders: {...user.input.headers,
                                                           [user.input.person_header]: name}});
    const ann = await open('ann');
    const bob = await open('bob');
    await ann.locator('#talk').waitFor();
    assert.equal(await ann.locator('#who').textContent(), 'ann');
    assert.equal(await bob.locator('#who').textContent(), 'bob');
    await user.prepare(ann);
    await user.agree(ann);
    await bob.reload();
    await bob.locator('#empty').waitFor();
    await bob.waitForTimeout(3000);
    assert.equal(await bob.locator('#approval').isVisible(), false);
    assert.equal(await bob.locator('#conversations a').count(), 0);
    await bob.evaluate((hash) => { location.hash = hash; }, new URL(ann.url()).hash);
    await bob.getByText('That conversation does not exist any more.').waitFor();
    await user.readToTheEnd(ann);
    await ann.locator('#typed').fill(await user.toType(ann));
    await ann.locator('#yes').click();
    await user.bought(ann);
    for (const page of [ann, bob]) user.assertNothingFromElsewhere(page);
  },

  // Pictures are the person's choice alone, and the program lets none through without it.
  async pictures(user) {
    const page = await user.openPage({}, user.url('/?pictures=1'));
    await page.getByLabel('Pairing code').waitFor();
    assert.equal(new URL(page.url()).search, '');
    await user.pair(page);
    await page.route('https://**', (route) => route.abort());
    const policy = async (path) =>
      (await page.request.get(user.url(path))).headers()['content-security-policy'];
    assert.match(await policy('/'), /img-src 'none'/);
    assert.match(await policy('/?pictures=1'), /img-src https:(;|$)/);
    await page.locator('#settings-button').click();
    await page.locator('#pictures').check();
    await page.keyboard.press('Escape');
    await page.waitForURL('**/?pictures=1*');
    await page.locator('#talk').waitFor();
    await user.say(page, kWish);
    await page.locator('.card').first().waitFor();
    for (const address of page.foreign) assert.match(address, /^https:/);
    await page.locator('#settings-button').click();
    assert.equal(await page.locator('#pictures').isChecked(), true);
    await page.locator('#pictures').uncheck();
    await page.locator('#settings-dialog .cancel').click();
    await page.waitForURL((url) => url.search === '');
    assert.deepEqual(page.problems, []);
  },

  async tokens(user) {
    const page = await user.openPaired();
    await page.locator('#settings-button').click();
    await page.locator('#token-name').fill('my <i>phone</i>');
    await page.keyboard.press('Enter');
    await user.awaitFocus(page, 'token-text');
    const token = await page.locator('#token-text').inputValue();
    assert.ok(token.length >= 20, token);
    await page.locator('#tokens li', {hasText: 'my <i>phone</i>'}).waitFor();
    await page.locator('#settings-dialog .cancel').click();
    await page.locator('#settings-button').click();
    assert.equal(await page.locator('#token-made').isVisible(), false);
    assert.equal(await page.locator('#token-text').inputValue(), '');
    await page.getByRole('button', {name: 'Revoke my <i>phone</i>'}).click();
    await page.waitForFunction(() => document.querySelectorAll('#tokens li').length === 0);
    user.assertNothingFromElsewhere(page);
  },
};

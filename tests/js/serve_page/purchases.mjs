// Purchases and their questions, at one browser.
import assert from 'node:assert/strict';
import {kNarrow, kWish} from './user.mjs';

export const purchases = {
  async buy_by_mouse(user) {
    const page = await user.openPaired({viewport: {width: 1100, height: 760}});
    await page.getByRole('button', {name: kWish}).click();
    await page.locator('.card').first().waitFor();
    await user.turnEnds(page);
    assert.match(page.url(), /#c\/./);
    await page.locator('.steps').first().scrollIntoViewIfNeeded();
    await user.picture(page, 'serve-offers');
    const prices = await page.locator('.card .price strong').allInnerTexts();
    const amounts = prices.map(parseFloat);
    await page.locator('.card button').nth(amounts.indexOf(Math.min(...amounts))).click();
    const words = await page.locator('#message').inputValue();
    assert.match(words, /^Buy 1 x \S/);
    await page.locator('#send').click();
    await page.locator('#messages .user', {hasText: words}).waitFor();
    await user.turnEnds(page);
    await page.locator('#message').fill('yes');
    await page.locator('#send').click();
    await page.locator('#approval').waitFor();
    await page.locator('#approval-body').hover();
    await page.mouse.wheel(0, 5000);
    const typed = await user.toType(page);
    const [total] = typed.split(' ');
    assert.ok((await page.locator('#question-total').textContent()).includes(total));
    assert.match(await page.locator('#time-left').textContent(),
                 /^\d+ seconds left\. No answer is a no\.$/);
    await page.locator('#typed').click();
    await page.keyboard.type(typed);
    await user.picture(page, 'serve-question');
    await page.locator('#yes').click();
    const record = await user.bought(page);
    assert.ok(record.includes(total), record);
    assert.equal(await page.locator('#approval').isVisible(), false);
    await user.picture(page, 'serve-bought');
    await page.reload();
    await user.bought(page);
    assert.equal(await page.locator('.purchase').count(), 1);
    user.assertNothingFromElsewhere(page);
    return record;
  },

  async buy_by_keyboard(user) {
    const page = await user.openPaired();
    await user.awaitFocus(page, 'message');
    await page.keyboard.type('I need wireless');
    await page.keyboard.press('Shift+Enter');
    await page.keyboard.type('headphones under $100');
    assert.equal(await page.locator('#message').inputValue(),
                 'I need wireless\nheadphones under $100');
    await page.keyboard.press('Enter');
    await page.locator('.card').first().waitFor();
    await user.turnEnds(page);
    await user.awaitFocus(page, 'message');
    await page.keyboard.type('the cheapest');
    await page.keyboard.press('Enter');
    await page.locator('#messages .user', {hasText: 'the cheapest'}).waitFor();
    await user.turnEnds(page);
    await page.keyboard.type('yes');
    await page.keyboard.press('Enter');
    await page.locator('#approval').waitFor();
    // The title has the focus; the end of a long receipt is reached with the keys that scroll.
    await page.waitForFunction(() =>
      document.getElementById('approval').contains(document.activeElement));
    assert.notEqual(await user.focused(page), 'typed');
    if (!await page.locator('#answer').isVisible()) {
      await page.keyboard.press('Tab');
      assert.equal(await user.focused(page), 'fold');
      await page.keyboard.press('Tab');
      await page.keyboard.press('End');
    }
    const typed = await user.toType(page);
    await user.awaitFocus(page, 'no');
    const order = [];
    for (let i = 0; i < 2; ++i) {
      await page.keyboard.press('Tab');
      order.push(await user.focused(page));
      if (order.at(-1) === 'typed') await page.keyboard.type(typed);
    }
    assert.deepEqual(order, ['typed', 'yes']);
    await page.keyboard.press('Shift+Tab');
    await page.keyboard.press('Enter');
    await user.bought(page);
    await user.awaitFocus(page, 'message');
    user.assertNothingFromElsewhere(page);
  },

  async buy_at_320_pixels(user) {
    const page = await user.openPaired({viewport: kNarrow, hasTouch: true, isMobile: true});
    await user.assertFits(page, 'empty');
    await user.prepare(page);
    await user.assertFits(page, 'answer');
    await user.picture(page, 'serve-narrow');
    await user.agree(page);
    await user.assertFits(page, 'question');
    // The question stays where it can be seen while the person looks at the list.
    await page.locator('#list-button').tap();
    await page.locator('#conversations a').first().waitFor();
    await user.assertFits(page, 'list');
    assert.ok(await page.locator('#question-total').isVisible());
    await page.locator('#list-button').tap();
    await user.readToTheEnd(page);
    const typed = await user.toType(page);
    await user.assertFits(page, 'answerable');
    await user.picture(page, 'serve-narrow-question');
    await page.locator('#typed').fill(typed);
    await page.locator('#yes').tap();
    await user.bought(page);
    user.assertNothingFromElsewhere(page);
  },

  // Low as well: the end of the receipt is not on the screen at first.
  async the_answer_waits_for_the_end_of_the_receipt(user) {
    const page = await user.openPaired();
    const asked = [];
    page.on('request', (request) => asked.push(new URL(request.url()).pathname));
    await user.prepare(page);
    await page.setViewportSize({width: 320, height: 300});
    await user.agree(page);
    await page.waitForTimeout(1500);
    assert.equal(await page.locator('#answer').isVisible(), false);
    assert.ok(!asked.includes('/api/question/shown'));
    await page.locator('#fold').click();
    assert.ok(await page.locator('#question-total').isVisible());
    await page.locator('#fold').click();
    await user.readToTheEnd(page);
    await user.toType(page);
    assert.ok(asked.includes('/api/question/shown'));
    await page.locator('#no').click();
    await user.turnEnds(page);
  },

  async decline(user) {
    const page = await user.openPaired();
    await user.prepare(page);
    await user.agree(page);
    await user.readToTheEnd(page);
    await user.toType(page);
    await user.awaitFocus(page, 'no');
    // Words that were meant for the message field answer nothing.
    await page.keyboard.type('and two ');
    await page.waitForTimeout(300);
    assert.ok(await page.locator('#approval').isVisible());
    await page.waitForTimeout(1600);
    await page.keyboard.press('Enter');
    await page.locator('#approval').waitFor({state: 'hidden'});
    await user.turnEnds(page);
    const log = () => page.locator('#messages').innerText();
    assert.match(await log(), /not bought|nothing was bought/i);
    assert.doesNotMatch(await log(), /^Bought$/m);
    await page.reload();
    await page.locator('.user', {hasText: 'yes'}).waitFor();
    assert.match(await log(), /not bought|nothing was bought/i);
    user.assertNothingFromElsewhere(page);
  },

  async wrong_answer_first(user) {
    const page = await user.openPaired();
    await user.prepare(page);
    await user.agree(page);
    await user.readToTheEnd(page);
    const first = await user.toType(page);
    await page.locator('#typed').fill('1.00 abcd');
    await page.locator('#yes').click();
    await page.getByText('You may answer once more, with a new code.').waitFor();
    await page.waitForFunction(
      (old) => !document.getElementById('request').textContent.includes(old), first.split(' ')[1]);
    await page.locator('#typed').fill(await user.toType(page));
    await page.locator('#yes').click();
    await user.bought(page);
  },

  // The caller lets the time of the question run out when it reads the line.
  async expired(user) {
    const page = await user.openPaired();
    await user.prepare(page);
    await user.agree(page);
    await user.readToTheEnd(page);
    await user.toType(page);
    console.error('shown');
    await page.locator('#approval').waitFor({state: 'hidden'});
    await user.turnEnds(page);
    assert.match(await page.locator('#messages').innerText(), /not bought|nothing was bought/i);
    return page.locator('#messages').innerText();
  },

  // A title with markup stays text, in a card and in a receipt.
  async markup(user) {
    const page = await user.openPaired();
    await user.prepare(page);
    await user.agree(page);
    const elements = await page.evaluate(() =>
      [...document.querySelectorAll('.card *, #receipt *, .assistant *')]
        .map((one) => one.tagName));
    const known = ['A', 'BUTTON', 'CODE', 'DD', 'DIV', 'DT', 'EM', 'H3', 'LI', 'OL', 'P', 'PRE',
                   'SPAN', 'STRONG', 'UL'];
    assert.deepEqual([...new Set(elements)].filter((name) => !known.includes(name)), []);
    user.assertNothingFromElsewhere(page);
    return {cards: await page.locator('.cards').first().innerText(),
            receipt: await page.locator('#receipt').innerText()};
  },
};

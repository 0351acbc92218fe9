// 320 px and a desktop's width, light and dark, every state: axe finds nothing, nothing is wider
// than the screen, nothing is smaller than a finger.
import assert from 'node:assert/strict';
import {kNarrow} from './user.mjs';

const kDesktop = {width: 1366, height: 800};

export const accessible = {
  async accessible(user) {
    const found = {};
    // The page lets no other script in; the one that looks for problems is let in from outside.
    const page = await user.openPage({viewport: kNarrow, bypassCSP: true});
    const look = async (state) => {
      for (const [width, viewport] of [['narrow', kNarrow], ['wide', kDesktop]]) {
        await page.setViewportSize(viewport);
        for (const colorScheme of ['light', 'dark']) {
          await page.emulateMedia({colorScheme, reducedMotion: 'reduce'});
          await page.waitForTimeout(100);
          const name = `serve-${state}-${width}-${colorScheme}`;
          if (width === 'narrow') await user.assertFits(page, name);
          found[name] = await user.violations(page);
          await user.picture(page, name);
        }
      }
      await page.setViewportSize(kNarrow);
    };
    await page.getByLabel('Pairing code').waitFor();
    await look('pairing');
    await user.pair(page);
    await look('empty');
    await user.prepare(page);
    await page.locator('.steps summary').first().click();
    await page.locator('.steps li summary').first().click();
    await look('answer');
    await page.locator('#list-button').click();
    await page.locator('#conversations button').first().click();
    await look('list');
    await page.getByRole('button', {name: 'Delete'}).click();
    await look('delete-dialog');
    await page.keyboard.press('Escape');
    await page.getByRole('button', {name: 'Rename'}).click();
    await look('rename-dialog');
    await page.keyboard.press('Escape');
    await page.locator('#settings-button').click();
    await look('settings');
    await page.keyboard.press('Escape');
    await page.locator('#list-button').click();
    await user.agree(page);
    await look('question');
    await user.readToTheEnd(page);
    await user.toType(page);
    await look('answerable');
    await page.locator('#fold').click();
    await look('folded');
    await page.locator('#fold').click();
    await page.locator('#typed').fill('1.00 abcd');
    await page.locator('#yes').click();
    await page.locator('#problem').filter({hasText: /./}).waitFor();
    await look('wrong-answer');
    await page.locator('#typed').fill(await user.toType(page));
    await page.locator('#yes').click();
    await user.bought(page);
    await look('bought');
    user.assertNothingFromElsewhere(page);
    for (const [state, problems] of Object.entries(found)) assert.deepEqual(problems, [], state);
    return Object.keys(found);
  },

  // What a screen reader reads out by itself: whole sentences, and the question at once.
  async read_out(user) {
    const page = await user.openPaired();
    await page.evaluate(() => {
      window.heard = {polite: [], assertive: []};
      for (const id of ['polite', 'assertive']) {
        new MutationObserver(() => {
          const region = document.getElementById(id);
          const text = region.lastElementChild?.textContent ?? region.textContent;
          if (text) window.heard[id].push(text);
        }).observe(document.getElementById(id),
                   {childList: true, characterData: true, subtree: true});
      }
    });
    await user.prepare(page);
    await user.agree(page);
    const heard = await page.evaluate(() => window.heard);
    assert.ok(heard.polite.length > 0);
    for (const text of heard.polite) assert.match(text, /[.!?:)]$|^\S.*[^,]$/);
    assert.deepEqual(heard.assertive, ['A question waits for your answer.']);
    assert.equal(await page.locator('#log').getAttribute('aria-live'), null);
    await user.readToTheEnd(page);
    await user.toType(page);
    await page.locator('#no').click();
    await user.turnEnds(page);
    return heard.polite;
  },
};

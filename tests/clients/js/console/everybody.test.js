'use strict';
// The keyboard alone, either colour scheme, a phone.
const { test } = require('node:test');
const assert = require('node:assert/strict');
const { KEYED, SHIPPED, VIEWS, api, browser, client } = require('./browser');

const house = browser();

/** Presses Tab until what has the focus is named so. */
async function tabTo(page, name) {
  for (let pressed = 0; pressed < 60; pressed += 1) {
    const [text, ring] = await page.evaluate(() => {
      const focused = document.activeElement;
      const label = focused.getAttribute('aria-label') ?? focused.labels?.[0]?.textContent ?? focused.textContent;
      return [label.trim(), getComputedStyle(focused).outlineStyle];
    });
    if (text === name) {
      assert.notEqual(ring, 'none', `${name} does not show that it has the focus`);
      return;
    }
    await page.keyboard.press('Tab');
  }
  assert.fail(`the keyboard does not reach ${name}`);
}

test('the keyboard alone suffices', async () => {
  const page = await house.page(SHIPPED);
  await page.getByText('Listening to news').waitFor();
  await tabTo(page, 'Channel');
  await page.keyboard.press('Control+A');
  await page.keyboard.type('keys');
  await page.keyboard.press('Enter');
  await page.getByText('Listening to keys').waitFor();
  await tabTo(page, 'Publish');
  await page.keyboard.press('Enter');
  await page.getByRole('log').getByText('{"hello":1}').waitFor();
  await tabTo(page, 'curl');
  await page.keyboard.press('Enter');
  await page.getByText('/publish -d').waitFor();

  const listener = await client(SHIPPED, 'keys');
  await page.reload();
  await tabTo(page, 'Sessions');
  await page.keyboard.press('Enter');
  await tabTo(page, listener.id);
  await page.keyboard.press('Enter');
  page.once('dialog', (dialog) => dialog.accept());
  await page.getByRole('button', { name: 'Disconnect' }).waitFor();
  await tabTo(page, 'Disconnect');
  await page.keyboard.press('Enter');
  assert.equal(await listener.closed, 3503);
  await page.context().close();
});

/**
 * Every text that is seen, with its contrast to what is behind it.
 * Source: WCAG 2.2, success criterion 1.4.3 and "relative luminance".
 */
function contrasts() {
  const parts = (color) => color.match(/[\d.]+/g).map(Number);
  const luminance = ([red, green, blue]) => {
    const [r, g, b] = [red, green, blue].map((part) => part / 255).map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const back = parts(getComputedStyle(at).backgroundColor);
      if (back.length === 3 || back[3] === 1) return back;
      if (back[3] > 0) throw new Error(`a background that shows through: ${at.outerHTML.slice(0, 80)}`);
    }
    throw new Error('nothing is behind');
  };
  const isSeen = (element) => element.checkVisibility() && element.getBoundingClientRect().width > 1;
  const hasText = (element) => [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim())
    || element.matches('input, textarea, select');
  return [...document.body.querySelectorAll('*')].filter((element) => hasText(element) && isSeen(element)).map((element) => {
    const style = getComputedStyle(element);
    const [light, dark] = [luminance(parts(style.color)), luminance(behind(element))].sort((a, b) => b - a);
    const size = parseFloat(style.fontSize);
    const isLarge = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    return { text: element.textContent.trim().slice(0, 40) || element.localName, ratio: (light + 0.05) / (dark + 0.05), least: isLarge ? 3 : 4.5 };
  });
}

for (const colorScheme of ['light', 'dark']) {
  test(`every text can be read in the ${colorScheme} scheme`, async () => {
    const listener = await client(SHIPPED, 'contrast');
    await api(SHIPPED, 'publish', { channel: 'contrast', data: { seen: true } });
    const page = await house.page(SHIPPED, { colorScheme });
    const check = async (what) => {
      const texts = await page.evaluate(contrasts);
      assert.ok(texts.length >= 8, `${what}: only ${texts.length} texts`);
      const weak = texts.filter(({ ratio, least }) => ratio < least);
      assert.deepEqual(weak, [], what);
    };
    for (const view of [...VIEWS, 'channels/contrast', `sessions/${listener.id}`]) {
      await page.goto(`${SHIPPED}/#${view}`);
      await page.getByText('Loading').first().waitFor({ state: 'detached' });
      for (const summary of await page.locator('summary').all()) await summary.click();
      await check(view);
    }
    await page.goto(`${SHIPPED}/#start`);
    await page.getByLabel('Event (JSON)').fill('no JSON');
    await page.getByRole('button', { name: 'Publish' }).click();
    await page.getByRole('alert').waitFor();
    await check('an error');
    await page.goto(KEYED);
    await page.getByRole('heading', { name: 'API key' }).waitFor();
    await check('the key');
    const back = await page.evaluate(() => getComputedStyle(document.body).backgroundColor.match(/\d+/g).map(Number));
    assert.equal(back[0] > 127, colorScheme === 'light');
    listener.socket.close();
    await page.context().close();
  });
}

test('on a phone nothing is wider than the screen, and what is pressed is large enough', async () => {
  const page = await house.page(SHIPPED, { viewport: { width: 360, height: 640 }, hasTouch: true, isMobile: true });
  await page.getByText('Listening to news').waitFor();
  for (const view of VIEWS) {
    await page.goto(`${SHIPPED}/#${view}`);
    await page.getByText('Loading').first().waitFor({ state: 'detached' });
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= 360), `${view} is wider than a phone`);
    // Source: WCAG 2.2, success criterion 2.5.8.
    const small = await page.evaluate(() => [...document.querySelectorAll('button, nav a, input, select')]
      .filter((element) => element.checkVisibility())
      .map((element) => [element.textContent || element.localName, element.getBoundingClientRect()])
      .filter(([, { width, height }]) => width < 24 || height < 24).map(([text]) => text));
    assert.deepEqual(small, [], view);
  }
  await page.context().close();
});

test('every field has a label and every view a heading', async () => {
  const page = await house.page(SHIPPED);
  for (const view of VIEWS) {
    await page.goto(`${SHIPPED}/#${view}`);
    await page.locator('main h1').waitFor({ state: 'attached' });
    const bare = await page.evaluate(() => [...document.querySelectorAll('input, textarea, select')].filter((field) => !field.labels.length).length);
    assert.equal(bare, 0, view);
    assert.match(await page.title(), / · Callboard$/);
  }
  await page.context().close();
});

import { describe, expect, test } from 'vitest';
import { goodLayoutShift, hasBrowser, launchOnce, visit } from './support/browser.ts';
import { comeLate } from './support/late.ts';
import { cards } from './support/reader.ts';
import { bts, shareSite } from './support/site.ts';

// So low that nothing may move at the top of a page: one line of text that moves a list down is 0.016.
const noLayoutShift = 0.005;

const parts = ['headings', 'lists'] as const;
const isFull = process.env['FULL'] === '1'; // each part on each screen

describe.skipIf(!hasBrowser())('the layout of the pages', () => {
  const browser = launchOnce();
  const shared = shareSite();

  describe.each([
    ['phone', { width: 390, height: 844 }, isFull ? parts : (['lists'] as const)],
    ['desk', { width: 1280, height: 900 }, isFull ? parts : (['headings'] as const)],
  ] as const)('at a %s', (_, screen, lateParts) => {
    test.each(lateParts)(
      'no page is too wide, and no page moves while its %s are the last to load',
      async (last) => {
        const site = shared();
        const { page, layoutShift } = await visit(browser(), site.url);
        await page.setViewportSize(screen);
        await comeLate(page, last);
        const { severalArtists, spanishEdition, nameless } = site.sandbox.catalogue.fixtures.albums;
        const albums = [severalArtists, spanishEdition, nameless].map((id) => `album/${id}`);
        const { severalArtists: track } = site.sandbox.catalogue.fixtures.tracks;
        const { episodes130: show } = site.sandbox.catalogue.fixtures.shows;
        for (const path of ['?q=a', '?q=BTS', `artist/${bts}`, ...albums, `track/${track}`, `show/${show}`]) {
          await page.goto(site.url + path, { waitUntil: 'networkidle' });
          await page.getByRole('main').locator('li a, dl a').first().waitFor();
          expect(await page.evaluate(() => document.documentElement.scrollWidth), path).toBe(screen.width);
          expect(await layoutShift(), path).toBeLessThan(noLayoutShift);
        }
      },
    );

    test('after a jump to the end of a list its other items load, and the page does not move', async () => {
      const site = shared();
      const { page, layoutShift } = await visit(browser(), site.url);
      await page.setViewportSize(screen);
      await comeLate(page, 'lists');
      await page.goto(`${site.url}artist/${bts}`);
      const jump = async () => {
        await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
        return cards(page, 'Albums').count();
      };
      await expect.poll(jump, { timeout: 30_000 }).toBe(104);
      expect(await layoutShift()).toBeLessThan(goodLayoutShift);
    });
  });

  test.each(['light', 'dark'] as const)(
    'with a %s colour scheme the header hides the page that scrolls below it',
    async (colorScheme) => {
      const { page } = await visit(browser(), shared().url, { colorScheme });
      const headerColour = await page
        .getByRole('banner')
        .evaluate((header) => getComputedStyle(header).backgroundColor);
      expect(headerColour).toBe(await page.evaluate(() => getComputedStyle(document.body).backgroundColor));
      expect(headerColour).toMatch(/^rgb\(/); // without transparency
    },
  );
});

import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { playingTime } from '../src/format.ts';
import { hasBrowser, launchOnce, visit } from './support/browser.ts';
import { cards, search, targets } from './support/reader.ts';
import { bts, startSite } from './support/site.ts';

describe.skipIf(!hasBrowser())('the content of the pages', () => {
  const browser = launchOnce();

  test('each item has the logo of Spotify with a link to the item', async () => {
    const site = await startSite();
    const { page } = await visit(browser(), `${site.url}?q=BTS`);
    await cards(page, 'Artists').first().waitFor();
    for (const list of ['Artists', 'Albums', 'Tracks']) {
      const items = page.getByRole('list', { name: list, exact: true }).getByRole('listitem');
      const links = await items.evaluateAll((all) =>
        all.map((item) => ({
          to: item.querySelector('a')?.getAttribute('href'),
          spotify: item.querySelector('a[data-spotify]:has(svg)')?.getAttribute('href'),
        })),
      );
      expect(links.length).toBeGreaterThan(0);
      expect(links.map(({ spotify }) => spotify)).toEqual(
        links.map(({ to }) => `https://open.spotify.com${to}`),
      );
    }
    const logos = await page
      .locator('a[data-spotify] svg')
      .evaluateAll((all) => all.map((logo) => logo.getBoundingClientRect().width));
    expect(Math.min(...logos)).toBeGreaterThanOrEqual(smallestLogoPx);
    await page.goto(`${site.url}artist/${bts}`);
    const listen = page.getByRole('link', { name: 'Listen on Spotify' });
    await listen.waitFor();
    expect(await targets(listen)).toEqual([`https://open.spotify.com/artist/${bts}`]);
  });

  test('artwork is neither cropped nor covered', async () => {
    const site = await startSite();
    const { page } = await visit(browser(), site.url);
    await page.route('**/image/*', (route) => route.fulfill(widePicture));
    await page.goto(`${site.url}artist/${bts}`);
    await page.locator('main img[data-shown="true"]').nth(5).waitFor();
    const pictures = await page.locator('main img[data-shown="true"]').evaluateAll((all) =>
      all.map((image) => {
        const { objectFit, borderRadius } = getComputedStyle(image.parentElement ?? image);
        const { x, y, width, height } = image.getBoundingClientRect();
        const top = document.elementFromPoint(x + width / 2, y + height / 2);
        const isVisible = y + height / 2 < innerHeight && y > 100;
        return {
          fit: getComputedStyle(image).objectFit || objectFit,
          borderRadius,
          isOnTop: !isVisible || top === image,
        };
      }),
    );
    for (const picture of pictures) {
      expect(picture).toEqual({ fit: 'contain', borderRadius: '8px', isOnTop: true });
    }
  });

  test('a page of the sandbox states that its music is made up, and how many calls it has cost', async () => {
    const site = await startSite({ madeUpMusic: true, showCost: true });
    const { page, complaints } = await visit(browser(), `${site.url}?q=BTS`);
    const header = page.getByRole('banner');
    await header.getByText('Made-up music').waitFor();
    await header.getByText('This page: 1 Spotify call').waitFor();
    await cards(page, 'Artists').first().click();
    await header.getByText(/This page: \d+ Spotify calls · \d+ in all/).waitFor();
    const isRight = async () =>
      (await header.getByText('in all').innerText()) === costOf(site.spotifyCalls().length);
    await expect.poll(isRight).toBe(true);
    expect(complaints).toEqual([]);
  });

  test('a deployed page shows neither a note about made-up music nor its cost', async () => {
    const site = await startSite();
    const { page } = await visit(browser(), `${site.url}?q=BTS`);
    await cards(page, 'Artists').first().waitFor();
    expect(await page.getByText(/made.up|Spotify call/i).count()).toBe(0);
    await page.getByText('Music data and artwork from Spotify.').waitFor();
  });

  test('a pasted link or URI leads to the page of its object', async () => {
    const site = await startSite();
    const { page } = await visit(browser(), site.url);
    const { tracks20 } = site.sandbox.catalogue.fixtures.albums;
    const { explicit } = site.sandbox.catalogue.fixtures.tracks;
    const pasted: [string, string][] = [
      [`https://open.spotify.com/intl-de/album/${tracks20}?si=abc`, `/album/${tracks20}`],
      [` spotify:artist:${bts}`, `/artist/${bts}`],
      [`open.spotify.com/track/${explicit}`, `/track/${explicit}`],
    ];
    for (const [text, path] of pasted) {
      await search(page, text);
      await page.waitForURL(site.url.slice(0, -1) + path);
      await page.getByRole('link', { name: 'Listen on Spotify' }).waitFor();
    }
    await search(page, 'https://open.spotify.com/album/nonsense');
    await page.getByRole('heading', { name: 'That cannot be looked up', level: 1 }).waitFor();
    await search(page, `spotify:album:${'0'.repeat(22)}`);
    await page.getByRole('heading', { name: 'There is nothing here', level: 1 }).waitFor();
  });

  test('an album states its date, its length and its copyright, and its tracks link to their pages', async () => {
    const site = await startSite();
    const { catalogue } = site.sandbox;
    const { severalDiscs } = catalogue.fixtures.albums;
    const { page } = await visit(browser(), `${site.url}album/${severalDiscs}`);
    const about = page.getByRole('complementary', { name: 'About this album' });
    await about.waitFor();
    const tracks = catalogue.tracksOf(severalDiscs);
    const total = playingTime(tracks.reduce((sum, { durationMs }) => sum + durationMs, 0));
    const facts = await about.locator('dl > div').allInnerTexts();
    // An app in development mode gets no label.
    expect(facts.map((fact) => fact.split('\n'))).toEqual([
      ['Released', '17 May 2019'],
      ['Tracks', '33'],
      ['Total time', total],
    ]);
    expect(await about.getByText(/^[©℗] 2019 /).count()).toBe(2);

    const names = page.getByTestId('track-name');
    expect(await targets(names)).toEqual(tracks.map(({ id }) => `/track/${id}`));
    await names.first().click();
    await page.getByRole('heading', { level: 1, name: tracks[0]?.name ?? '' }).waitFor();
    await page.getByRole('main').getByRole('link', { name: 'Three Floors' }).click();
    await page.getByRole('heading', { level: 1, name: 'Three Floors' }).waitFor();
  });

  test('a long title takes two lines and no more, and every card has the same height', async () => {
    const site = await startSite();
    const { page } = await visit(browser(), `${site.url}artist/${bts}`);
    await cards(page, 'Albums').nth(19).waitFor();
    const lines = await linesOfTitles(page);
    expect(new Set(lines)).toEqual(new Set([2, 1]));
    const heights = await page
      .getByRole('list', { name: 'Albums', exact: true })
      .getByRole('listitem')
      .evaluateAll((all) => all.map((item) => Math.round(item.getBoundingClientRect().height)));
    expect(new Set(heights).size).toBe(1);
  });
});

const smallestLogoPx = 21;

const widePicture = {
  contentType: 'image/svg+xml',
  body: '<svg xmlns="http://www.w3.org/2000/svg" width="1280" height="640"/>',
};

const costOf = (calls: number): string => `This page: ${calls - 1} Spotify calls · ${calls} in all`;

/** The number of visible lines of each title in the list of albums. */
const linesOfTitles = (page: Page): Promise<number[]> =>
  cards(page, 'Albums').evaluateAll((links) =>
    links.map((link) => {
      const title = link.children[1] as HTMLElement;
      const range = document.createRange();
      range.selectNodeContents(title);
      const lineHeight = Number.parseFloat(getComputedStyle(title).lineHeight);
      const shown = Math.min(range.getBoundingClientRect().height, title.clientHeight);
      return Math.ceil(shown / lineHeight - 0.1);
    }),
  );

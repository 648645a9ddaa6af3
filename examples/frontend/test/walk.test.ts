import { describe, expect, test } from 'vitest';
import type { Sandbox } from '../../../dist/sandbox/index.js';
import { goodLayoutShift, hasBrowser, launchOnce, visit } from './support/browser.ts';
import { cards, openArtist, scrollUntil, search, targets } from './support/reader.ts';
import { bts, startSite } from './support/site.ts';

describe.skipIf(!hasBrowser())('from a search to the tracks of an album', () => {
  const browser = launchOnce();

  test('all 104 albums load as the user scrolls, each once and with the fewest calls to Spotify', async () => {
    const site = await startSite();
    const { page, questions, elsewhere, complaints, layoutShift } = await visit(browser(), site.url);

    await search(page, 'BTS');
    await openArtist(page, 'BTS');
    await page.getByRole('status').getByText('104 in all').waitFor();
    await scrollUntil(cards(page, 'Albums'), 104);
    const shown = await targets(cards(page, 'Albums'));
    expect(shown).toEqual(albumsOf(site.sandbox, bts).map((id) => `/album/${id}`));
    expect(new Set(shown).size).toBe(104);

    const [lastId = ''] = albumsOf(site.sandbox, bts).slice(-1);
    await cards(page, 'Albums').last().click();
    await expect.poll(() => trackNames(page)).toEqual(tracksOf(site.sandbox, lastId));

    // The artist comes from the results of the search, and the list is read in full pages.
    expect(
      site
        .spotifyCalls()
        .map(({ path }) => path)
        .sort(),
    ).toEqual(
      [
        `/albums/${lastId}`,
        ...Array.from({ length: 11 }, (_, page) => `/artists/${bts}/albums?limit=10&offset=${page * 10}`),
        '/search?q=BTS&market=US&limit=10&offset=0&type=album%2Cartist%2Cplaylist%2Cshow%2Ctrack',
      ].sort(),
    );
    expect(await site.countedCalls()).toBe(13);

    // One for the search, six for the windows of the list, one for the tracks: the headings were in the cache.
    expect(questions.map(({ parameters }) => parameters.get('operationName'))).toEqual([
      'Search',
      ...Array.from({ length: 6 }, () => 'ArtistAlbums'),
      'AlbumTracks',
    ]);
    expect([...elsewhere]).toEqual(['image 127.0.0.1']);
    expect(await brokenPictures(page)).toBe(0);
    expect(complaints).toEqual([]);
    expect(await layoutShift()).toBeLessThan(goodLayoutShift);
  });

  test('the back button causes no request, and restores the scroll position', async () => {
    const site = await startSite();
    const { page, questions } = await visit(browser(), `${site.url}artist/${bts}`);
    await scrollUntil(cards(page, 'Albums'), 104);
    const place = await page.evaluate(() => scrollY);
    await cards(page, 'Albums').last().click();
    await expect.poll(() => trackNames(page)).not.toEqual([]);
    expect(await page.evaluate(() => scrollY)).toBe(0);

    const requestsBefore = questions.length;
    await page.goBack();
    await expect.poll(() => page.evaluate(() => scrollY)).toBe(place);
    expect(await cards(page, 'Albums').count()).toBe(104);
    expect(questions.length).toBe(requestsBefore);
  });

  test('a second user causes no calls to Spotify', async () => {
    const site = await startSite();
    const walk = async () => {
      const { page } = await visit(browser(), `${site.url}?q=BTS`);
      await openArtist(page, 'BTS');
      await scrollUntil(cards(page, 'Albums'), 104);
      return targets(cards(page, 'Albums'));
    };
    const first = await walk();
    const calls = site.spotifyCalls().length;
    expect(await walk()).toEqual(first);
    expect(site.spotifyCalls().length).toBe(calls);
  });

  test('a group shows its albums only, and the pages can be used by keyboard alone', async () => {
    const site = await startSite();
    const { page } = await visit(browser(), site.url);
    const tabTo = async (name: string) => {
      const focused = page.locator('a:focus').filter({ hasText: name });
      for (let presses = 0; presses < 40 && (await focused.count()) === 0; presses++) {
        await page.keyboard.press('Tab');
      }
      expect(await focused.count()).toBe(1);
    };

    await tabTo('Skip to content');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.type('BTS');
    await page.keyboard.press('Enter');
    await cards(page, 'Artists').first().waitFor();
    await tabTo('BTS');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: 'BTS' }).waitFor();
    await tabTo('Singles');
    await page.keyboard.press('Enter');

    const singles = albumsOf(site.sandbox, bts, 'single');
    await page.getByText(`${singles.length} in all`).waitFor();
    await scrollUntil(cards(page, 'Albums'), singles.length);
    expect(await targets(cards(page, 'Albums'))).toEqual(singles.map((id) => `/album/${id}`));
  });
});

/** The ids of an artist's albums as Spotify lists them. */
function albumsOf(sandbox: Sandbox, artistId: string, group?: string): string[] {
  return sandbox.catalogue
    .albumsOf(artistId)
    .flatMap((slot) =>
      slot.shows === 'album' && (group === undefined || slot.group === group) ? [slot.albumId] : [],
    );
}

const tracksOf = (sandbox: Sandbox, albumId: string): string[] =>
  sandbox.catalogue.tracksOf(albumId).map(({ name }) => name);

type Page = Awaited<ReturnType<typeof visit>>['page'];

const trackNames = (page: Page): Promise<string[]> =>
  page.getByRole('list', { name: 'Tracks' }).getByTestId('track-name').allTextContents();

const brokenPictures = (page: Page): Promise<number> =>
  page.evaluate(
    () => [...document.images].filter((image) => image.complete && image.naturalWidth === 0).length,
  );

import { describe, expect, test } from 'vitest';
import { clock, releaseDate } from '../src/format.ts';
import { hasBrowser, launchOnce, visit } from './support/browser.ts';
import { cards, scrollUntil, search, targets } from './support/reader.ts';
import { startSite } from './support/site.ts';

const embeddedEpisodes = 50;
const embeddedItems = 100;

describe.skipIf(!hasBrowser())('shows and playlists', () => {
  const browser = launchOnce();

  test('a search finds shows and playlists with one call, and a pasted link opens their pages', async () => {
    const site = await startSite({ madeUpMusic: true, showCost: true });
    const { page, complaints } = await visit(browser(), `${site.url}?q=Three`);
    const { shows, playlists } = site.sandbox.catalogue.fixtures;
    await cards(page, 'Playlists').first().waitFor();
    expect(await targets(cards(page, 'Shows'))).toContain(`/show/${shows.episodes3}`);
    expect(await targets(cards(page, 'Playlists'))).toContain(`/playlist/${playlists.items3}`);
    expect(site.spotifyCalls().map(({ path }) => path)).toEqual([
      '/search?q=Three&market=US&limit=10&offset=0&type=album%2Cartist%2Cplaylist%2Cshow%2Ctrack',
    ]);

    await search(page, `https://open.spotify.com/show/${shows.episodes3}?si=abc`);
    await page.waitForURL(`${site.url}show/${shows.episodes3}`);
    await page.getByRole('heading', { level: 1, name: 'Three Evenings' }).waitFor();
    await search(page, `spotify:playlist:${playlists.items3}`);
    await page.waitForURL(`${site.url}playlist/${playlists.items3}`);
    await page.getByRole('heading', { level: 1, name: 'Three of a Kind' }).waitFor();
    expect(complaints).toEqual([]);
  });

  test('a show lists 20 episodes with date and duration, and the first 50 cost one call', async () => {
    const site = await startSite({ madeUpMusic: true, showCost: true });
    const { catalogue } = site.sandbox;
    const id = catalogue.fixtures.shows.episodes130;
    const { page, questions } = await visit(browser(), `${site.url}show/${id}`);
    await page.getByRole('heading', { level: 1, name: 'The Longest Week' }).waitFor();
    const rows = page.getByRole('list', { name: 'Episodes' }).getByRole('listitem');
    await rows.nth(19).waitFor();
    const expected = catalogue
      .episodesOf(id)
      .flatMap((slot) => (slot.shows === 'episode' ? [catalogue.episode(slot.episodeId)] : []));
    const first = await rows.first().innerText();
    expect(first).toContain(expected[0]?.name);
    expect(first).toContain(clock(expected[0]?.durationMs ?? 0));
    expect(first).toContain(releaseDate({ date: expected[0]?.releaseDate ?? '', precision: 'DAY' }));
    await page.getByText(catalogue.show(id)?.description ?? '', { exact: true }).waitFor();
    await page.getByRole('banner').getByText('This page: 1 Spotify call').waitFor();
    expect(site.spotifyCalls().length).toBe(1);

    const links = rows.locator('a[data-spotify]');
    await scrollUntil(links, embeddedEpisodes + 10);
    const shown = await targets(links);
    expect(shown).toEqual(
      expected.slice(0, shown.length).map((each) => `https://open.spotify.com/episode/${each?.id}`),
    );
    const operations = questions.map(({ parameters }) => parameters.get('operationName'));
    expect(new Set(operations)).toEqual(new Set(['Show']));
  });

  test('a playlist whose contents Spotify withholds states so below its heading', async () => {
    const site = await startSite();
    const id = site.sandbox.catalogue.fixtures.playlists.gaps;
    const { page, complaints } = await visit(browser(), `${site.url}playlist/${id}`);
    await page.getByRole('heading', { level: 1, name: 'Odds and Ends' }).waitFor();
    await page.getByText('Spotify withholds the contents of this playlist from this app.').waitFor();
    const owner = site.sandbox.catalogue.playlist(id)?.owner.displayName ?? '';
    await page.getByRole('main').getByRole('link', { name: owner, exact: true }).waitFor();
    expect(await page.getByRole('list', { name: 'Items' }).count()).toBe(0);
    expect(site.spotifyCalls().map(({ path }) => path.split('?')[0])).toEqual([`/playlists/${id}`]);
    expect(complaints).toEqual([]);
  });

  test('a playlist shows unavailable items, marks local files, and reads its first 100 items with one call', async () => {
    const site = await startSite(undefined, 'extended');
    const { catalogue } = site.sandbox;
    const id = catalogue.fixtures.playlists.gaps;
    const { page, complaints } = await visit(browser(), `${site.url}playlist/${id}`);
    const rows = page.getByRole('list', { name: 'Items' }).locator('li:not([aria-hidden])');
    await rows.nth(7).waitFor();
    const texts = (await rows.allInnerTexts()).map((text) => text.split('\n'));
    const [track, episode, local, removed, shell] = catalogue.itemsOf(id);
    const added = (slot: typeof track) =>
      `added ${releaseDate({ date: slot?.addedAt ?? '', precision: 'DAY' })}`;
    expect(texts[0]?.join(' ')).toContain(added(track));
    expect(texts[1]?.join(' ')).toContain(`Fifty Evenings · ${added(episode)}`);
    expect(texts[2]).toEqual(['Local file', `not available on Spotify · ${added(local)}`]);
    expect(texts[3]).toEqual(['Not available', added(removed)]);
    expect(texts[4]).toEqual(['Not available', added(shell)]);

    // Three of the 120 slots are empty.
    expect(site.spotifyCalls().length).toBe(1);
    await scrollUntil(rows, embeddedItems - 1);
    expect(await page.locator('main li:has(a[data-spotify])').count()).toBeGreaterThan(90);
    await scrollUntil(rows, 117);
    expect(site.spotifyCalls().length).toBeLessThanOrEqual(2);
    expect(complaints).toEqual([]);
  });
});

import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { hasBrowser, launchOnce, visit } from './support/browser.ts';
import { cards, scrollUntil, search, targets } from './support/reader.ts';
import { startSite } from './support/site.ts';

const bts = '3Nrfpe0tUJi4K4DXYWgMUX';
const retryAfterSeconds = 3; // above the 2 s that the gateway itself waits

describe.skipIf(!hasBrowser())('when Spotify cannot answer', () => {
  const browser = launchOnce();

  test('a rate limit says when the search is tried again, counts down, and ends by itself', async () => {
    const site = await startSite();
    site.sandbox.faults.add({
      on: { route: 'search' },
      times: 1,
      fault: { kind: 'rate-limit', retryAfterSeconds },
    });
    const { page } = await visit(browser(), site.url);
    await search(page, 'BTS');

    const alert = page.getByRole('alert');
    await alert.getByRole('heading', { name: 'Spotify needs a short break' }).waitFor();
    const seconds = await countdown(page, () => cards(page, 'Artists').count());
    expect(seconds.length).toBeGreaterThan(1);
    expect(seconds).toEqual([...new Set(seconds)].sort((a, b) => b - a));
    expect(seconds[0]).toBeLessThanOrEqual(retryAfterSeconds);

    expect(await targets(cards(page, 'Artists'))).toContain(`/artist/${bts}`);
    expect(await alert.count()).toBe(0);
    const calls = site.spotifyCalls();
    expect(calls.map(({ status }) => status)).toEqual([429, 200]);
    const [refused, answered] = calls;
    expect((answered?.atMs ?? 0) - (refused?.atMs ?? 0)).toBeGreaterThanOrEqual(retryAfterSeconds * 1_000);
  });

  test('a rate limit in the middle of a list takes nothing away, and the list goes on by itself', async () => {
    const site = await startSite();
    site.sandbox.faults.add({
      on: { route: 'artists/albums' },
      skip: 4,
      times: 1,
      fault: { kind: 'rate-limit', retryAfterSeconds },
    });
    const { page } = await visit(browser(), `${site.url}artist/${bts}`);
    await scrollUntil(cards(page, 'Albums'), 40);
    await cards(page, 'Albums').last().scrollIntoViewIfNeeded();
    await page.getByRole('alert').getByText('Trying again in').waitFor();
    expect(await cards(page, 'Albums').count()).toBe(40);

    await scrollUntil(cards(page, 'Albums'), 104);
    const shown = await targets(cards(page, 'Albums'));
    expect(shown.length).toBe(104);
    expect(new Set(shown).size).toBe(104);
    expect(site.spotifyCalls().filter(({ status }) => status === 429).length).toBe(1);
  });

  test('an outage is told in words, and can be tried again by hand', async () => {
    const site = await startSite();
    const mend = site.sandbox.faults.add({ fault: { kind: 'answer', status: 503 } });
    const { page } = await visit(browser(), `${site.url}?q=BTS`);
    await page.getByRole('heading', { name: 'Spotify does not answer' }).waitFor();
    mend();
    await page.getByRole('button', { name: 'Try again' }).click();
    await cards(page, 'Artists').first().waitFor();
    expect(await page.getByRole('alert').count()).toBe(0);
  });

  test('what is not there is told apart from what failed', async () => {
    const site = await startSite();
    const { page } = await visit(browser(), `${site.url}?q=qqqqzzzz`);
    await page.getByRole('heading', { name: 'Nothing is called “qqqqzzzz”' }).waitFor();
    await page.goto(`${site.url}artist/${'0'.repeat(22)}`);
    await page.getByRole('heading', { name: 'There is nothing here' }).waitFor();
    expect(await page.getByRole('alert').count()).toBe(0);
    await page.goto(`${site.url}album/not-an-id`);
    await page.getByRole('alert').getByRole('heading', { name: 'That cannot be looked up' }).waitFor();
    expect(await page.getByRole('button', { name: 'Try again' }).count()).toBe(0);
  });
});

/** The seconds left that a reader sees one after the other, until something is there. */
async function countdown(page: Page, isOver: () => Promise<number>): Promise<number[]> {
  const seen: number[] = [];
  const look = async () => {
    const text = (await page.getByText(/^Trying again in \d+ s$/).allTextContents())[0];
    const seconds = Number(/\d+/.exec(text ?? '')?.[0]);
    if (text !== undefined && seconds !== seen.at(-1)) seen.push(seconds);
    return isOver();
  };
  await expect.poll(look, { timeout: 15_000, interval: 50 }).toBeGreaterThan(0);
  return seen;
}

import type { Page, Route } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { hasBrowser, launchOnce, visit } from './support/browser.ts';
import { cards, scrollUntil, search, targets } from './support/reader.ts';
import { bts, shareSite, startSite } from './support/site.ts';

const retryAfterSeconds = 3; // above the 2 s that the gateway itself waits

const dailyLimit = { kind: 'rate-limit', form: 'quota', retryAfterSeconds: 86_400 } as const;

/** The gateway may add some minutes to the 24 hours, so the next try can be on the day after tomorrow. */
const nextTry = /^The next try is (?:tomorrow|on \w+day) at \d+:\d\d/;

describe.skipIf(!hasBrowser())('pages while Spotify fails', () => {
  const browser = launchOnce();
  const shared = shareSite();

  test('during a rate limit a search counts down the seconds, and is then repeated by itself', async () => {
    const site = await startSite();
    site.sandbox.faults.add({
      on: { route: 'search' },
      times: 1,
      fault: { kind: 'rate-limit', retryAfterSeconds },
    });
    const { page } = await visit(browser(), site.url);
    const countdown = await watchCountdown(page);
    await search(page, 'BTS');
    await cards(page, 'Artists').first().waitFor();

    const seconds = (await countdown()).map((second) => second.seconds);
    expect(seconds.length).toBeGreaterThan(1);
    expect(seconds).toEqual([...new Set(seconds)].sort((a, b) => b - a));
    expect(seconds[0]).toBeLessThanOrEqual(retryAfterSeconds);

    expect(await targets(cards(page, 'Artists'))).toContain(`/artist/${bts}`);
    expect(await page.getByRole('alert').count()).toBe(0);
    const calls = site.spotifyCalls();
    expect(calls.map(({ status }) => status)).toEqual([429, 200]);
    const [refused, served] = calls;
    expect((served?.atMs ?? 0) - (refused?.atMs ?? 0)).toBeGreaterThanOrEqual(retryAfterSeconds * 1_000);
  });

  test('during a rate limit in the middle of a list no item disappears, and the list continues by itself', async () => {
    const site = await startSite();
    site.sandbox.faults.add({
      on: { route: 'artists/albums' },
      skip: 4,
      times: 1,
      fault: { kind: 'rate-limit', retryAfterSeconds },
    });
    const { page } = await visit(browser(), `${site.url}artist/${bts}`);
    const countdown = await watchCountdown(page);
    await scrollUntil(cards(page, 'Albums'), 104);
    expect(new Set((await countdown()).map(({ albums }) => albums))).toEqual(new Set([40]));
    const shown = await targets(cards(page, 'Albums'));
    expect(shown.length).toBe(104);
    expect(new Set(shown).size).toBe(104);
    expect(site.spotifyCalls().filter(({ status }) => status === 429).length).toBe(1);
  });

  test('a search above the daily limit states the limit, and links to the start, from which loaded searches still work', async () => {
    const site = await startSite();
    const { page } = await visit(browser(), `${site.url}?q=BTS`);
    await cards(page, 'Artists').first().waitFor();
    site.sandbox.faults.add({ on: { route: 'search' }, fault: dailyLimit });
    await search(page, 'Adele');
    const alert = page.getByRole('alert');
    await alert.getByRole('heading', { name: "Spotify's daily limit is used up" }).waitFor();
    expect(await alert.getByText('Pages that were already loaded still work.').count()).toBe(1);
    expect(await alert.getByText(nextTry).count()).toBe(1);
    await alert.getByRole('link', { name: 'Search for something else' }).click();
    await page.getByRole('link', { name: 'BTS', exact: true }).click();
    await cards(page, 'Artists').first().waitFor();
    expect(await alert.count()).toBe(0);
  });

  test('a list that stops at the daily limit states the limit and the time of the next try', async () => {
    const site = await startSite();
    site.sandbox.faults.add({ on: { route: 'artists/albums' }, skip: 2, fault: dailyLimit });
    const { page } = await visit(browser(), `${site.url}artist/${bts}`);
    await page.getByText('104 in all').waitFor();
    await cards(page, 'Albums').last().scrollIntoViewIfNeeded();
    const alert = page.getByRole('alert');
    await alert.getByRole('heading', { name: "Spotify's daily limit is used up" }).waitFor();
    expect(await alert.getByText(nextTry).count()).toBe(1);
    expect(await alert.getByText('Trying again').count()).toBe(0);
    expect(await cards(page, 'Albums').count()).toBeLessThan(104);
  });

  test.each([
    [86_395, 'en-GB', 'The next try is tomorrow at 12:00.'],
    [86_395, 'en-US', 'The next try is tomorrow at 12:00 PM.'],
    [3_600, 'de-DE', 'The next try is today at 13:00.'],
    [43_200, 'en-GB', 'The next try is tomorrow at 00:00.'],
    [172_800, 'en-GB', 'The next try is on Monday at 12:00.'],
    [301, 'en-GB', 'The next try is today at 12:06.'],
    [300, 'en-GB', 'Trying again in 5 min'],
    [90, 'en-GB', 'Trying again in 90 s'],
  ])(
    'at Saturday noon, a wait of %i s is shown to a reader with the locale %s as "%s"',
    async (retryAfter, locale, sentence) => {
      const { page } = await visit(browser(), shared().url, { locale, timezoneId: 'Europe/Berlin' });
      await page.clock.setFixedTime(new Date('2026-01-10T12:00:00+01:00'));
      const extensions = { code: 'UPSTREAM_QUOTA_EXCEEDED', retryAfter };
      const json = { data: null, errors: [{ message: 'The daily quota is used up.', extensions }] };
      await page.route('**/graphql*', (route) => route.fulfill({ json }));
      await search(page, 'BTS');
      await page.getByRole('alert').getByText(sentence, { exact: true }).waitFor();
    },
  );

  test('albums that cannot be read are not shown as albums that do not exist', async () => {
    const site = await startSite();
    const on = { route: 'artists/albums' as const };
    site.sandbox.faults.add({ on, fault: { kind: 'answer', status: 503 } });
    const { page } = await visit(browser(), `${site.url}artist/${bts}`);
    await page.getByRole('heading', { name: 'Spotify does not answer' }).waitFor();
    expect(await page.getByText('Spotify lists nothing here').count()).toBe(0);
  });

  test('an outage has a message, and a button repeats the request', async () => {
    const site = await startSite();
    const endOutage = site.sandbox.faults.add({ fault: { kind: 'answer', status: 503 } });
    const { page } = await visit(browser(), `${site.url}?q=BTS`);
    await page.getByRole('heading', { name: 'Spotify does not answer' }).waitFor();
    expect(await pageHeadings(page)).toEqual(['Results for BTS']);
    endOutage();
    await page.getByRole('button', { name: 'Try again' }).click();
    await cards(page, 'Artists').first().waitFor();
    expect(await page.getByRole('alert').count()).toBe(0);
  });

  test('a page has one first-level heading while it loads, when loading fails, and when rendering fails', async () => {
    const site = await startSite();
    const { page } = await visit(browser(), site.url);
    const { tracks1 } = site.sandbox.catalogue.fixtures.albums;
    const artist = { __typename: 'Artist', id: bts, name: null, externalUrl: null, images: null };
    const broken = { data: { artist } };
    const endings: { path: string; handleRoute: RouteHandler; heading: string }[] = [
      { path: `artist/${bts}`, handleRoute: (route) => route.abort(), heading: 'No connection' },
      { path: `album/${tracks1}`, handleRoute: (route) => route.abort(), heading: 'No connection' },
      {
        path: `artist/${bts}`,
        handleRoute: (route) => route.fulfill({ json: broken }),
        heading: 'Something went wrong',
      },
    ];
    for (const { path, handleRoute, heading } of endings) {
      const give = await holdResponses(page);
      await page.goto(site.url + path);
      await page.getByRole('heading', { name: 'Loading' }).waitFor();
      expect(await pageHeadings(page)).toEqual(['Loading']);
      give(handleRoute);
      await page.getByRole('heading', { name: heading }).waitFor();
      expect(await pageHeadings(page)).toEqual([heading]);
    }
  });

  test('a page shows different messages for no results, for an unknown id and for an invalid id', async () => {
    const site = await startSite();
    const { page } = await visit(browser(), `${site.url}?q=qqqqzzzz`);
    await page.getByRole('heading', { name: 'Nothing is called “qqqqzzzz”' }).waitFor();
    await page.goto(`${site.url}artist/${'0'.repeat(22)}`);
    await page.getByRole('heading', { name: 'There is nothing here', level: 1 }).waitFor();
    expect(await page.getByRole('alert').count()).toBe(0);
    await page.goto(`${site.url}album/not-an-id`);
    await page
      .getByRole('alert')
      .getByRole('heading', { name: 'That cannot be looked up', level: 1 })
      .waitFor();
    expect(await page.getByRole('button', { name: 'Try again' }).count()).toBe(0);
  });
});

/** The first-level headings. A page must have exactly one. */
const pageHeadings = (page: Page): Promise<string[]> =>
  page.getByRole('heading', { level: 1 }).allTextContents();

type RouteHandler = (route: Route) => Promise<void>;

/** Delays all responses to the page until the returned function provides one. */
async function holdResponses(page: Page): Promise<(handleRoute: RouteHandler) => void> {
  let give: (handleRoute: RouteHandler) => void = () => undefined;
  const handleRoute = new Promise<RouteHandler>((resolve) => {
    give = resolve;
  });
  await page.route('**/graphql*', async (route) => (await handleRoute)(route));
  return give;
}

/** The content of the page at each second of a rate limit. */
interface Second {
  seconds: number;
  albums: number;
}

/** Records the seconds in the page, because a test that polls could miss some. */
async function watchCountdown(page: Page): Promise<() => Promise<Second[]>> {
  await page.evaluate(recordSeconds);
  return () => page.evaluate(() => (window as unknown as WindowWithCountdown).countdown);
}

interface WindowWithCountdown {
  countdown: Second[];
}

/** Runs in the page. */
function recordSeconds(): void {
  const written: Second[] = [];
  (window as unknown as WindowWithCountdown).countdown = written;
  const look = () => {
    // An overloaded gateway causes a countdown too, with another text.
    const text = document.querySelector('[role="alert"]')?.textContent ?? '';
    const [, digits] =
      /^Spotify needs a short break.*Trying again in (\d+) s(?:Search for something else)?$/.exec(text) ?? [];
    const seconds = Number(digits);
    if (digits === undefined || seconds === written.at(-1)?.seconds) return;
    written.push({ seconds, albums: document.querySelectorAll('main a[href^="/album/"]').length });
  };
  new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true });
}

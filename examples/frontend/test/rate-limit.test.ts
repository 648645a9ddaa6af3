import type { Page, Route } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { hasBrowser, launchOnce, visit } from './support/browser.ts';
import { cards, scrollUntil, search, targets } from './support/reader.ts';
import { bts, startSite } from './support/site.ts';

const retryAfterSeconds = 3; // above the 2 s that the gateway itself waits

describe.skipIf(!hasBrowser())('pages while Spotify fails', () => {
  const browser = launchOnce();

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
    const [refused, answered] = calls;
    expect((answered?.atMs ?? 0) - (refused?.atMs ?? 0)).toBeGreaterThanOrEqual(retryAfterSeconds * 1_000);
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
    const endings: { path: string; answer: Answer; heading: string }[] = [
      { path: `artist/${bts}`, answer: (route) => route.abort(), heading: 'No connection' },
      { path: `album/${tracks1}`, answer: (route) => route.abort(), heading: 'No connection' },
      {
        path: `artist/${bts}`,
        answer: (route) => route.fulfill({ json: broken }),
        heading: 'Something went wrong',
      },
    ];
    for (const { path, answer, heading } of endings) {
      const give = await holdAnswers(page);
      await page.goto(site.url + path);
      await page.getByRole('heading', { name: 'Loading' }).waitFor();
      expect(await pageHeadings(page)).toEqual(['Loading']);
      give(answer);
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

type Answer = (route: Route) => Promise<void>;

/** Delays all responses to the page until the returned function provides one. */
async function holdAnswers(page: Page): Promise<(answer: Answer) => void> {
  let give: (answer: Answer) => void = () => undefined;
  const answer = new Promise<Answer>((resolve) => {
    give = resolve;
  });
  await page.route('**/graphql*', async (route) => (await answer)(route));
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
    const [, digits] = /^Spotify needs a short break.*Trying again in (\d+) s$/.exec(text) ?? [];
    const seconds = Number(digits);
    if (digits === undefined || seconds === written.at(-1)?.seconds) return;
    written.push({ seconds, albums: document.querySelectorAll('main a[href^="/album/"]').length });
  };
  new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true });
}

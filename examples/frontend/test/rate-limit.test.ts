import type { Page, Route } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { hasBrowser, launchOnce, visit } from './support/browser.ts';
import { cards, scrollUntil, search, targets } from './support/reader.ts';
import { bts, startSite } from './support/site.ts';

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
    const countdown = await watchCountdown(page);
    await search(page, 'BTS');
    await cards(page, 'Artists').first().waitFor();

    const seconds = (await countdown()).map((seen) => seen.seconds);
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

  test('a rate limit in the middle of a list takes nothing away, and the list goes on by itself', async () => {
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

  test('an outage is told in words, and can be tried again by hand', async () => {
    const site = await startSite();
    const mend = site.sandbox.faults.add({ fault: { kind: 'answer', status: 503 } });
    const { page } = await visit(browser(), `${site.url}?q=BTS`);
    await page.getByRole('heading', { name: 'Spotify does not answer' }).waitFor();
    expect(await pageHeadings(page)).toEqual(['Results for BTS']);
    mend();
    await page.getByRole('button', { name: 'Try again' }).click();
    await cards(page, 'Artists').first().waitFor();
    expect(await page.getByRole('alert').count()).toBe(0);
  });

  test('a page has one heading of its own while it is read, when that fails, and when it is broken', async () => {
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

  test('what is not there is told apart from what failed', async () => {
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

/** Its first headings, of which a page has one and never more. */
const pageHeadings = (page: Page): Promise<string[]> =>
  page.getByRole('heading', { level: 1 }).allTextContents();

type Answer = (route: Route) => Promise<void>;

/** Lets the page wait for every answer until it is told which. */
async function holdAnswers(page: Page): Promise<(answer: Answer) => void> {
  let give: (answer: Answer) => void = () => undefined;
  const given = new Promise<Answer>((resolve) => {
    give = resolve;
  });
  await page.route('**/graphql*', async (route) => (await given)(route));
  return give;
}

/** What a reader sees at each second of a break that Spotify has asked for. */
interface Second {
  seconds: number;
  albums: number;
}

/** The page itself writes them down, as some may have passed before a test comes to look. */
async function watchCountdown(page: Page): Promise<() => Promise<Second[]>> {
  await page.evaluate(writeSecondsDown);
  return () => page.evaluate(() => (window as unknown as Written).countdown);
}

interface Written {
  countdown: Second[];
}

/** Runs in the page. */
function writeSecondsDown(): void {
  const written: Second[] = [];
  (window as unknown as Written).countdown = written;
  const look = () => {
    // A busy gateway may ask for a break as well, by another name.
    const text = document.querySelector('[role="alert"]')?.textContent ?? '';
    const [, digits] = /^Spotify needs a short break.*Trying again in (\d+) s$/.exec(text) ?? [];
    const seconds = Number(digits);
    if (digits === undefined || seconds === written.at(-1)?.seconds) return;
    written.push({ seconds, albums: document.querySelectorAll('main a[href^="/album/"]').length });
  };
  new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true });
}

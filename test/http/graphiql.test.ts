import { createHash } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { withSandbox } from '../support/gateway.ts';
import { endAfterAll, type Server, startServer, until } from '../support/process.ts';
import { artists } from '../support/schema-tests.ts';
import { manifestOf } from '../support/temporary-files.ts';

/** The files of Debian's packages: `chromium-headless-shell` takes half of the processor time of `chromium`. */
const browserFiles = ['/usr/bin/chromium-headless-shell', '/usr/bin/chromium'];
const browserFile = browserFiles.find((file) => existsSync(file));

const { bts } = artists;
const desktop = { width: 1600, height: 1600 };
const asBrowser = { headers: { accept: 'text/html,*/*;q=0.8' } };

/** The operations of the tabs of a first visit. */
const tabs = [
  ...['Search', 'Artist', 'NextPage', 'Latest', 'ByCode', 'ByUri', 'Market', 'Kinds'],
  ...['SpokenWord', 'Error'],
  ...['CostBefore', 'CostAfter'],
];

/** A process without configuration, which no test changes. */
let unconfigured: Server;
const afterTests = endAfterAll();
beforeAll(async () => {
  unconfigured = await startServer({}, undefined, afterTests);
}, 60_000);

let withCredentials: Promise<string> | undefined;
/** The page of a gateway with credentials. It is rendered once, because that takes half a second of processor time. */
function pageWithCredentials(): Promise<string> {
  withCredentials ??= withSandbox({}, { onEnd: afterTests })
    .then(({ fetch }) => fetch('/graphql', asBrowser))
    .then((response) => {
      expect(response.status).toBe(200);
      return response.text();
    });
  return withCredentials;
}

describe.skipIf(!hasBrowser())('GraphiQL in a browser', { timeout: 60_000 }, () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launch();
  }, 60_000);
  afterAll(() => browser.close());
  const visit = (viewport?: Viewport) => visitIn(browser, onTestFinished, viewport);

  // Each visit compiles GraphiQL again, which takes two seconds of processor time.
  let shared: Visit | undefined;
  /** The page of the tests that need no empty storage, with the tab of the first operation. */
  async function visitShared(viewport = desktop): Promise<Visit> {
    shared ??= await visitIn(browser, () => undefined);
    const { page } = shared;
    onTestFinished(async ({ task }) => {
      page.removeAllListeners('request').removeAllListeners('response');
      await page.unroute('**/graphql');
      if (task.result?.state !== 'fail') return;
      shared = undefined;
      await page.close();
    });
    await page.setViewportSize(viewport);
    const hide = page.getByRole('button', { name: /^Hide (History|Documentation Explorer)/ });
    if ((await hide.count()) > 0) await hide.click();
    await openTab(page, 'Search');
    await waitForText(page, 'Operation Editor', 'search(q: "BTS"');
    return shared;
  }

  test('GraphiQL has the name and the logo of the gateway, and states that the data is of the sandbox', async () => {
    const { page, externalUrls } = await visitShared();
    expect(await page.title()).toMatch(/^Spotify GraphQL gateway .*sandbox/i);
    await page.getByRole('img', { name: 'Logo' }).waitFor();
    await page.getByText('Spotify GraphQL gateway').waitFor();
    await waitForText(page, 'Operation Editor', 'You are looking at the SANDBOX');
    await waitForText(page, 'Operation Editor', 'search(q: "BTS"');
    await waitForText(page, 'Result Window', '"name": "BTS"', () => run(page));
    await waitForText(page, 'Result Window', `"id": "${bts}"`);
    expect(externalUrls).toEqual([]);
  });

  test('GraphiQL keeps a history of the executed operations', async () => {
    const { page } = await visitShared();
    await waitForText(page, 'Result Window', '"name": "BTS"', () => run(page));
    await page.getByRole('button', { name: 'Show History' }).click();
    await page.locator('.graphiql-history-item').getByText('Search').waitFor();
  });

  test('GraphiQL runs the operation of each tab that is clicked once, and shows its cost without scrolling', {
    timeout: 120_000,
  }, async () => {
    const { page, externalUrls } = await visitShared({ width: 1280, height: 720 });
    const results = resultsOf(page);
    await waitForText(page, 'Result Window', '"name": "BTS"', () => run(page));
    const cost = page.getByRole('status', { name: 'Cost' });
    for (const [index, operation] of tabs.entries()) {
      await page.getByRole('tab').nth(index).getByRole('button').first().click();
      await waitForText(page, 'Operation Editor', `query ${operation}`);
      const isRun = async () => {
        await page.waitForTimeout(tabChangeMs);
        await run(page);
        await page.waitForTimeout(responseMs);
        return results.has(operation);
      };
      await expect.poll(isRun, { timeout: 20_000, interval: 0 }).toBe(true);
      const isCostShown = async () =>
        (await cost.textContent())?.startsWith(costText(results.get(operation)));
      await expect.poll(isCostShown, { timeout: 5_000 }).toBe(true);
      if (operation === 'Error') {
        expect(results.get(operation)).toMatchObject({
          data: { good: { name: 'BTS' }, bad: null },
          errors: [{ path: ['bad'], locations: [{ line: 5 }], extensions: { code: 'BAD_USER_INPUT' } }],
        });
      } else {
        expect(results.get(operation), operation).not.toHaveProperty('errors');
        expect(JSON.stringify(results.get(operation)), operation).not.toMatch(
          /"(nodes|edges)":\[\]|"isPlayable":null/,
        );
      }
    }
    expect(results.get('CostBefore')).not.toHaveProperty('data');
    expect(results.get('NextPage')?.extensions.spotify.calls.map(({ path }) => path)).toEqual(
      expect.arrayContaining([expect.stringMatching(/offset=20/)]),
    );
    const { y = 720, height = 0 } = (await cost.boundingBox()) ?? {};
    expect(y + height).toBeLessThanOrEqual(720);
    expect(await page.evaluate('document.documentElement.scrollHeight')).toBeLessThanOrEqual(720);
    expect(externalUrls).toEqual([]);
  });

  test('GraphiQL sends a valid operation if a tab was clicked a moment before', async () => {
    const { page } = await visitShared();
    const results = resultsOf(page);
    await waitForText(page, 'Result Window', '"name": "BTS"', () => run(page));
    await page.evaluate(`(async () => {
      for (const index of [2, 4, 3]) {
        document.querySelectorAll('[role=tab] > button:first-child')[index].click();
        await new Promise((resolve) => setTimeout(resolve, 20));
        document.querySelector('.graphiql-execute-button').click();
        await new Promise((resolve) => setTimeout(resolve, 1500));
      }
    })()`);
    await page.waitForTimeout(responseMs);
    expect(results.get('')).toBeUndefined();
    expect(await textOf(page, 'Result Window')).not.toContain('BAD_REQUEST');
  });

  test('GraphiQL shows the same tabs after a reload, also if no text was edited before, and reads the schema also if a tab requests the plan of its operation', async () => {
    const { page } = await visit();
    await waitForText(page, 'Result Window', '"name": "BTS"', () => run(page));
    await page.waitForTimeout(storedMs);
    await page.reload();
    await waitForText(page, 'Operation Editor', 'search(q: "BTS"');
    expect(await tabNames(page)).toEqual(tabs);
    await page.getByRole('tab', { name: 'Search', selected: true }).waitFor();

    const name = 'CostBefore';
    await openTab(page, name);
    await waitForText(page, 'Operation Editor', `query ${name}`);
    await page.waitForTimeout(storedMs);
    await page.reload();
    await page.getByRole('tab', { name, selected: true }).waitFor();
    await page.getByRole('button', { name: 'Show Documentation Explorer' }).click();
    await page.getByRole('link', { name: 'Query', exact: true }).waitFor();
  });

  test('GraphiQL keeps the tabs of the sandbox apart from the tabs with credentials', async () => {
    const { page } = await visit();
    const isActive = (name: string) => page.getByRole('tab', { name, selected: true }).waitFor();
    await waitForText(page, 'Result Window', '"name": "BTS"', () => run(page));
    await openTab(page, 'ByCode');
    await waitForText(page, 'Operation Editor', 'query ByCode');
    await openTab(page, 'Search');
    await waitForText(page, 'Operation Editor', 'looking at the SANDBOX');
    await expect.poll(() => page.url()).toContain('SANDBOX');
    await page.waitForTimeout(storedMs);

    const body = await pageWithCredentials();
    await page.route(isVisit, (route) => route.fulfill({ contentType: 'text/html', body }));
    await page.reload();
    await waitForText(page, 'Operation Editor', 'search(q: "BTS"');
    expect(await textOf(page, 'Operation Editor')).not.toContain('SANDBOX');
    expect(await tabNames(page)).toEqual(tabs);
    await openTab(page, 'ByCode');
    await waitForText(page, 'Operation Editor', 'GBCEL1300362');
    await page.getByRole('button', { name: 'Show History' }).click();
    await page.locator('.graphiql-history-item').getByText('Search').waitFor();
    await page.waitForTimeout(storedMs);

    await page.unroute(isVisit);
    await page.reload();
    await waitForText(page, 'Operation Editor', 'looking at the SANDBOX');
    await isActive('Search');
    expect(await tabNames(page)).toEqual(tabs);
  });

  test('GraphiQL shows its examples in a browser that blocks the storage of sites', async () => {
    const blocked = `Object.defineProperty(window, 'localStorage', {
      get: () => { throw new DOMException('Access is denied for this document.', 'SecurityError'); },
    });`;
    const { page } = await visitIn(browser, onTestFinished, desktop, blocked);
    await waitForText(page, 'Operation Editor', 'search(q: "BTS"');
    await waitForText(page, 'Result Window', '"name": "BTS"', () => run(page));
    expect(await tabNames(page)).toEqual(tabs);
  });

  test('GraphiQL documents the schema without the parts of composition, and opens the docs in a new tab', async () => {
    const { page } = await visitShared();
    await page.getByRole('button', { name: 'Show Documentation Explorer' }).click();
    const link = page.getByRole('link', { name: 'errors and nulls' });
    const [docs] = await Promise.all([page.context().waitForEvent('page'), link.click()]);
    await docs.getByRole('heading', { name: 'Errors' }).waitFor();
    expect([await docs.evaluate('opener'), await link.getAttribute('rel')]).toEqual([null, 'noopener']);
    await docs.close();
    await page.getByRole('link', { name: 'Artist', exact: true }).waitFor();
    expect(await page.getByRole('link', { name: /^_/ }).count()).toBe(0);
    await page.getByRole('link', { name: 'Query', exact: true }).click();
    await page.getByRole('link', { name: 'artists', exact: true }).waitFor();
    expect(await page.getByRole('link', { name: /^_/ }).count()).toBe(0);
  });

  test('GraphiQL shows a response below its operation on a phone', async () => {
    const { page } = await visit({ width: 390, height: 844 });
    await waitForText(page, 'Result Window', '"name": "BTS"', () => run(page));
    const box = async (name: string) => (await page.getByRole('region', { name }).boundingBox()) ?? empty;
    const [editor, response] = [await box('Operation Editor'), await box('Result Window')];
    expect(response.y).toBeGreaterThanOrEqual(editor.y + editor.height);
    expect(response.width).toBeGreaterThan(250);
    const isCostWhole = await page.evaluate(`(() => {
      const bar = document.querySelector('#cost');
      bar.textContent = 'Spotify calls: 0 (planned 3, from the cache 1). Left of the daily quota: artists/albums 37 of 100 (the limit is presumed until Spotify shows it, 2 more in reserve), artists without a known limit.';
      return bar.scrollHeight <= bar.clientHeight;
    })()`);
    expect(isCostWhole).toBe(true);
  });

  test('GraphiQL takes variables on a small screen', async () => {
    const { page } = await visit({ width: 300, height: 600 });
    await waitForText(page, 'Operation Editor', 'search(q: "BTS"');
    await page.getByRole('region', { name: 'Variables' }).click();
    await page.keyboard.type('{ "unused": 1');
    await waitForText(page, 'Variables', '"unused": 1');
    await waitForText(page, 'Result Window', '"BTS"', () => run(page));
  });

  test('GraphiQL shows the remaining daily quota beside the cost of the latest operation', async () => {
    const { page } = await visitShared();
    const quota = [
      { family: 'artists', used: 3, limit: null, limitSource: 'NONE', remaining: null, resetAt: null },
      {
        family: 'search',
        used: 199,
        limit: 199,
        limitSource: 'LEARNED',
        remaining: 0,
        resetAt: '2026-11-28T14:05:00.000Z',
      },
      {
        family: 'artists/albums',
        used: 61,
        limit: 100,
        limitSource: 'PRESUMED',
        remaining: 37,
        resetAt: null,
      },
    ];
    const spotify = { plannedCalls: 3, actualCalls: 2, cacheHits: 1, quota };
    await respondWith(page, { data: {}, extensions: { spotify } });
    const cost = page.getByRole('status', { name: 'Cost' });
    const text = async () => {
      await run(page);
      await page.waitForTimeout(responseMs);
      return cost.textContent();
    };
    await expect
      .poll(text, { timeout: 20_000, interval: 0 })
      .toBe(
        'Spotify calls: 2 (planned 3, from the cache 1). Left of the daily quota: search 0 of 199 (the next call on Saturday 14:05), artists/albums 37 of 100 (the limit is presumed until Spotify shows it, 2 more in reserve), artists without a known limit.',
      );
  });

  test('GraphiQL states how many lists are shortened and how many fields are stale or null, with the reasons', async () => {
    const { page } = await visitShared({ width: 800, height: 720 });
    const notices = (...reasons: string[]) => reasons.map((reason) => ({ field: 'Album.label', reason }));
    const spotify = {
      ...{ plannedCalls: 7, actualCalls: 0, cacheHits: 5 },
      shortened: notices('QUOTA'),
      stale: notices('QUOTA', 'QUOTA', 'REVALIDATING', 'UPSTREAM_TIMEOUT', 'UPSTREAM_UNAVAILABLE'),
      unavailable: notices('QUOTA_MODE', 'QUOTA_MODE', 'NOT_SENT', 'MALFORMED'),
    };
    await respondWith(page, { data: {}, extensions: { spotify } });
    const cost = page.getByRole('status', { name: 'Cost' });
    const title = async () => {
      await run(page);
      await page.waitForTimeout(responseMs);
      return cost.getAttribute('title');
    };
    await expect
      .poll(title, { timeout: 20_000, interval: 0 })
      .toBe(
        'Spotify calls: 0 (planned 7, from the cache 5). 1 list is shortened: the daily quota is short. 2 fields are stale: the daily quota is short. 1 field is stale: a refresh has started. 2 fields are stale: Spotify sent no new data. 2 fields are null: Spotify withholds them from this app. 1 field is null: Spotify did not send it. 1 field is null: Spotify sent a malformed value.',
      );
    expect(await cost.textContent()).toBe(await cost.getAttribute('title'));
    expect(await firstRowTop(page)).toBeGreaterThanOrEqual(0); // the text has more rows than the line
  });

  test('GraphiQL shows no cost of an earlier operation while the next one runs, or if the next one gets no response', async () => {
    const { page } = await visitShared();
    await waitForText(page, 'Result Window', '"name": "BTS"', () => run(page));
    const cost = page.getByRole('status', { name: 'Cost' });
    await expect.poll(() => cost.textContent()).toContain('Spotify calls: ');
    let respond: () => void = () => undefined;
    const response = new Promise<void>((resolve) => {
      respond = resolve;
    });
    await page.route('**/graphql', async (route) => {
      await response;
      await route.abort();
    });
    await run(page);
    await expect.poll(() => cost.textContent()).toBe('Running …');
    expect(await cost.getAttribute('title')).toBe('Running …');
    respond();
    await expect
      .poll(() => cost.textContent())
      .toBe('No response: the number of Spotify calls is not known.');
    await waitForText(page, 'Result Window', 'The gateway does not respond');
  });

  test('GraphiQL sends no request for an empty editor, and states that the editor is empty', async () => {
    const { page } = await visitShared();
    await waitForText(page, 'Result Window', '"name": "BTS"', () => run(page));
    await page.getByRole('button', { name: 'New tab' }).click();
    await expect.poll(() => textOf(page, 'Operation Editor')).not.toContain('BTS');
    await page.waitForTimeout(tabChangeMs);
    const sent: string[] = [];
    page.on('request', (request) => sent.push(request.url()));
    const hint = 'The editor is empty: write an operation, or choose one of the tabs.';
    await waitForText(page, 'Result Window', 'The editor is empty', () => run(page));
    const result = await textOf(page, 'Result Window');
    expect(result.replaceAll(/\s+/g, ' ')).toContain(hint); // the window wraps long lines
    expect(await page.getByRole('status', { name: 'Cost' }).textContent()).toBe(
      'The operation did not run: no Spotify calls.',
    );
    expect(sent).toEqual([]);
  });

  test('GraphiQL shows the whole keyboard shortcut in the search field of the docs', async () => {
    const { page } = await visitShared({ width: 1280, height: 720 });
    await page.getByRole('button', { name: 'Show Documentation Explorer' }).click();
    await page.getByPlaceholder('Ctrl Alt K').waitFor();
    const freePixels = await page.evaluate(`(() => {
      const input = document.querySelector('.graphiql-doc-explorer-search input');
      const { fontSize, fontFamily, fontWeight, paddingLeft, paddingRight } = getComputedStyle(input);
      const context = document.createElement('canvas').getContext('2d');
      context.font = [fontWeight, fontSize, fontFamily].join(' ');
      const width = input.clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight);
      return width - context.measureText(input.placeholder).width;
    })()`);
    expect(freePixels).toBeGreaterThanOrEqual(0);
  });

  test('GraphiQL sends a header of the editor in place of its own header, also if the case of their names differs', async () => {
    const { page } = await visitShared();
    const responses = await page.evaluate(`(async () => {
      const request = { query: '{ artist(id: "${bts}") { name } }' };
      const send = (headers) => window.gatewayFetcher(request, { headers });
      return [
        await send({ 'Content-Type': 'application/json', Accept: 'application/json' }),
        await send({ 'X-Spotify-Trace': 'plan' }),
      ];
    })()`);
    expect(responses).toEqual([
      { data: { artist: { name: 'BTS' } }, extensions: { spotify: expect.anything() } },
      { extensions: { spotify: expect.objectContaining({ plannedCalls: 1 }) } },
    ]);
  });

  test.each([
    ['a name with a blank', { 'x tenant': 'a' }, '"x tenant"'],
    ['a value with other letters than those of Latin-1', { 'x-tenant': '東京' }, '"x-tenant"'],
  ])('GraphiQL names a header of the editor that cannot be sent, such as %s', async (_, headers, name) => {
    const { page } = await visitShared();
    const sent: string[] = [];
    page.on('request', (request) => sent.push(request.postData() ?? ''));
    const fetched = `window.gatewayFetcher({ query: 'query Sent { __typename }' }, { headers: ${JSON.stringify(headers)} })`;
    expect(await page.evaluate(fetched)).toEqual({
      errors: [
        { message: `HTTP cannot send the header ${name} with its value: correct it under "Headers".` },
      ],
    });
    expect(await page.getByRole('status', { name: 'Cost' }).textContent()).toBe(
      'The operation did not run: no Spotify calls.',
    );
    expect(sent.filter((body) => body.includes('query Sent'))).toEqual([]);
  });

  test('GraphiQL states the status of a response that is the error page of a proxy', async () => {
    const { page } = await visitShared();
    await page.route('**/graphql', (route) =>
      route.request().postData()?.includes('IntrospectionQuery')
        ? route.continue()
        : route.fulfill({ status: 502, contentType: 'text/html', body: '<h1>502 Bad Gateway</h1>' }),
    );
    await waitForText(page, 'Result Window', 'status 502', () => run(page));
    const result = await textOf(page, 'Result Window');
    expect(result.replaceAll(/\s+/g, ' ')).toContain(
      'The response with the status 502 is not JSON. Does a proxy respond in place of the gateway?',
    );
    expect(await page.getByRole('status', { name: 'Cost' }).textContent()).toBe(
      'No response: the number of Spotify calls is not known.',
    );
  });

  test('GraphiQL does not claim that an operation has not run if a header of the editor turns its cost off', async () => {
    const { page } = await visitShared();
    const fetched = `window.gatewayFetcher({ query: '{ __typename }' }, { headers: { 'x-spotify-trace': '0' } })`;
    expect(await page.evaluate(fetched)).toEqual({ data: { __typename: 'Query' } });
    expect(await page.getByRole('status', { name: 'Cost' }).textContent()).toBe(
      'The response does not state its Spotify calls: with the header x-spotify-trace: 1 it does.',
    );
  });

  test('GraphiQL shows the cost of the operation that was run last, if an earlier one gets its response later', async () => {
    const { page } = await visitShared();
    await waitForText(page, 'Result Window', '"name": "BTS"', () => run(page));
    const waiting: (() => Promise<void>)[] = [];
    await page.route('**/graphql', (route) => {
      const calls = waiting.length + 1;
      const spotify = { plannedCalls: calls, actualCalls: calls, cacheHits: 0 };
      waiting.push(() => route.fulfill({ json: { data: {}, extensions: { spotify } } }));
    });
    const send = (): Promise<unknown> =>
      page.evaluate(`void window.gatewayFetcher({ query: '{ __typename }' })`);
    await send();
    await expect.poll(() => waiting.length).toBe(1);
    await send();
    await expect.poll(() => waiting.length).toBe(2);
    await waiting[1]?.();
    const cost = page.getByRole('status', { name: 'Cost' });
    await expect.poll(() => cost.textContent()).toContain('Spotify calls: 2 ');
    const first = page.waitForResponse('**/graphql');
    await waiting[0]?.();
    await (await first).finished();
    await page.waitForTimeout(pollMs);
    expect(await cost.textContent()).toContain('Spotify calls: 2 ');
  });

  test('the tables of the docs fit into a window 1,280 pixels wide, so that no column is hidden', async () => {
    const { page } = await newPage(browser, onTestFinished, { width: 1280, height: 800 });
    for (const path of ['/README.md', '/docs/operating.md', '/docs/calls.md']) {
      await page.goto(new URL(path, unconfigured.url).href);
      const hiddenPixels = await page.evaluate(
        `[...document.querySelectorAll('table')].map((table) => table.scrollWidth - table.clientWidth)`,
      );
      expect([...new Set(hiddenPixels as number[])], path).toEqual([0]);
    }
  });

  test('no page of the docs is wider than a phone, whatever long paths and links its text has', async () => {
    const { page } = await newPage(browser, onTestFinished, { width: 360, height: 800 });
    const paths = readdirSync('docs', { recursive: true, encoding: 'utf8' }).filter((path) =>
      path.endsWith('.md'),
    );
    for (const path of paths) {
      await page.goto(new URL(`/docs/${path}`, unconfigured.url).href);
      expect(await page.evaluate('document.documentElement.scrollWidth'), path).toBe(360);
    }
  });
});

/** Responds to all operations but introspection in place of the gateway. */
const respondWith = (page: Page, json: object): Promise<unknown> =>
  page.route('**/graphql', (route) =>
    route.request().postData()?.includes('IntrospectionQuery') ? route.continue() : route.fulfill({ json }),
  );

/** The distance in pixels from the top of the line of the cost to its first row of text. */
const firstRowTop = (page: Page): Promise<number> =>
  page.evaluate(`(() => {
    const bar = document.querySelector('#cost');
    const text = document.createRange();
    text.selectNodeContents(bar);
    return text.getBoundingClientRect().top - bar.getBoundingClientRect().top;
  })()`);

const openTab = (page: Page, name: string): Promise<void> =>
  page.getByRole('tab', { name }).getByRole('button', { name, exact: true }).click();

const tabNames = (page: Page): Promise<string[]> =>
  page.locator('[role=tab] > button:first-child').allTextContents();

/** Whether a browser opens the page of GraphiQL at this URL. Operations are sent to the same path, without a query. */
const isVisit = ({ pathname, search }: URL): boolean => pathname === '/graphql' && search !== '';

const empty = { y: 0, height: 0, width: 0 };

interface Result {
  extensions: {
    spotify: {
      plannedCalls: number;
      actualCalls?: number;
      cacheHits: number;
      calls: { path: string }[];
      families: { family: string; calls: number }[];
    };
  };
}

/** The latest result of each operation, as the gateway has sent it. */
function resultsOf(page: Page): Map<string, Result> {
  const results = new Map<string, Result>();
  page.on('response', async (response) => {
    const operation: unknown = response.request().postDataJSON()?.operationName;
    if (typeof operation === 'string') results.set(operation, await response.json());
  });
  return results;
}

/** The beginning of the line that shows the cost of a result. */
function costText(result: Result | undefined): string {
  const { plannedCalls, actualCalls, cacheHits, families = [] } = result?.extensions.spotify ?? {};
  const callsByFamily = families.map(({ family, calls }) => `${family} ${calls}`).join(', ');
  return actualCalls === undefined
    ? `Nothing ran. Spotify calls at most: ${plannedCalls} (${callsByFamily})`
    : `Spotify calls: ${actualCalls} (planned ${plannedCalls}, from the cache ${cacheHits}).`;
}

describe('the page of GraphiQL', () => {
  test('the page of GraphiQL is sent compressed, and is a 304 for a browser that has cached the page', async () => {
    const { get } = unconfigured;
    const accept = { accept: 'text/html', 'accept-encoding': 'br, gzip' };
    const first = await get('/graphql', { headers: accept });
    expect(first.headers).toMatchObject({
      'content-encoding': 'gzip',
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-cache',
      vary: expect.stringContaining('accept-encoding'),
    });
    expect(Number(first.headers['content-length'])).toBeLessThan(3_000_000);
    const { etag = '' } = first.headers;
    const again = await get('/graphql', { headers: { ...accept, 'if-none-match': etag } });
    expect({ status: again.status, text: again.text, etag: again.headers.etag }).toEqual({
      status: 304,
      text: '',
      etag,
    });
    const other = await get('/graphql', { headers: { ...accept, 'if-none-match': '"another"' } });
    expect(other.status).toBe(200);
  });

  test.each(['', 'br', 'gzip;q=0', 'deflate, gzip;q=0.0', 'gzip;q=0, *', 'gzip;q=0;x=1, *;q=0.5', '*;q=0'])(
    'the page of GraphiQL is sent uncompressed to a client that accepts the encoding "%s"',
    async (encoding) => {
      const { get } = unconfigured;
      const { headers, text } = await get('/graphql', {
        headers: { accept: 'text/html', 'accept-encoding': encoding },
      });
      expect(headers['content-encoding']).toBeUndefined();
      expect(text).toMatch(/^\s*<!doctype html>.*<\/html>\s*$/s);
    },
  );

  test('no page may frame the page of GraphiQL, whose content security policy allows no other origin', async () => {
    const { get } = unconfigured;
    const { headers, text } = await get('/graphql', asBrowser);
    expect(headers).toMatchObject({
      'x-frame-options': 'DENY',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
    });
    const policy = new Map(
      `${headers['content-security-policy']}`.split('; ').map((directive) => {
        const [name = '', ...sources] = directive.split(' ');
        return [name, sources.join(' ')];
      }),
    );
    const scripts = Array.from(text.matchAll(/<script>(.*?)<\/script>/gs), ([, script = '']) => script);
    const hashes = scripts.map(
      (script) => `'sha256-${createHash('sha256').update(script).digest('base64')}'`,
    );
    expect(Object.fromEntries(policy)).toMatchObject({
      'default-src': "'none'",
      'script-src': hashes.join(' '),
      'connect-src': "'self'",
      'frame-ancestors': "'none'",
      'base-uri': "'none'",
      'form-action': "'none'",
    });
    expect(headers['content-security-policy']).not.toMatch(/https?:|\*|unsafe-eval/);
  });

  test('the page of GraphiQL does not mention the sandbox if there are credentials', async () => {
    const text = await pageWithCredentials();
    expect(text).toContain('<title>Spotify GraphQL gateway</title>');
    expect(text).not.toContain('looking at the SANDBOX');
  });

  test('the page of GraphiQL states why the gateway rejects the operations of the editor, if TRUSTED_DOCUMENTS is set', async () => {
    const note =
      'This gateway executes trusted documents only (TRUSTED_DOCUMENTS is set): it rejects the operations of this editor.';
    const trusting = await withSandbox({ TRUSTED_DOCUMENTS: manifestOf({ a: '{ __typename }' }) });
    expect(await (await trusting.fetch('/graphql', asBrowser)).text()).toContain(note);
    expect(await pageWithCredentials()).not.toContain(note);
  });

  test.each<Record<string, string>>([{ GRAPHIQL: 'false' }, { NODE_ENV: 'production' }])(
    'the page of GraphiQL is a 404 that states how to enable GraphiQL and has no script, with %o',
    async (off) => {
      const { fetch, sandbox } = await withSandbox(off);
      const pageResponse = await fetch('/graphql', asBrowser);
      const page = await pageResponse.text();
      expect(pageResponse.status).toBe(404);
      expect(page).toContain('<code>GRAPHIQL=true</code>');
      expect(page).not.toContain('<script');
      const [, style = ''] = /<style>(.*?)<\/style>/s.exec(page) ?? [];
      const hash = createHash('sha256').update(style).digest('base64');
      expect(pageResponse.headers.get('content-security-policy')).toContain(`style-src 'sha256-${hash}'`);
      for (const request of [{ query: '{__typename}' }, { extensions: '{}' }]) {
        const response = await fetch(`/graphql?${new URLSearchParams(request)}`, asBrowser);
        expect(response.headers.get('content-type')).toContain('json');
      }
      expect((await fetch('/graphql')).headers.get('content-type')).toContain('json');
      expect(sandbox.calls()).toEqual([]);
    },
  );
});

interface Visit {
  page: Page;
  externalUrls: string[];
}

interface Viewport {
  width: number;
  height: number;
}

/** A first visit of GraphiQL, with empty storage. */
async function visitIn(
  browser: Browser,
  atEnd: (end: () => Promise<void>) => void,
  viewport: Viewport = desktop,
  initScript = '',
): Promise<Visit> {
  const { url } = unconfigured;
  const { page, externalUrls } = await newPage(browser, atEnd, viewport);
  await page.addInitScript(initScript);
  await until(async () => (await page.goto(url))?.ok() ?? false, 20_000);
  expect(externalUrls).toEqual([]);
  return { page, externalUrls };
}

/** An empty page in a browser that reaches this machine only. */
async function newPage(
  browser: Browser,
  atEnd: (end: () => Promise<void>) => void,
  viewport: Viewport,
): Promise<Visit> {
  const page = await browser.newPage({ viewport, locale: 'en-GB', timezoneId: 'UTC' });
  atEnd(() => page.close());
  page.setDefaultTimeout(10_000);
  page.setDefaultNavigationTimeout(20_000); // the first page of a browser on a machine that is busy with other tests
  const externalUrls: string[] = [];
  page.on('websocket', (socket) => externalUrls.push(socket.url()));
  await page.route(
    ({ hostname, protocol }) => protocol.startsWith('http') && !['localhost', '127.0.0.1'].includes(hostname),
    (route) => {
      externalUrls.push(route.request().url());
      return route.abort();
    },
  );
  return { page, externalUrls };
}

const launch = (): Promise<Browser> =>
  chromium.launch({
    ...(browserFile !== undefined && { executablePath: browserFile }),
    headless: true,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });

const run = (page: Page): Promise<void> => page.getByRole('button', { name: 'Execute query' }).click();

/** The text of the part of the page with this label; its editors write spaces as no-break spaces. */
const textOf = async (page: Page, label: string): Promise<string> =>
  ((await page.getByLabel(label).textContent()) ?? '').replaceAll('\u00a0', ' ');

/**
 * Waits until the part of the page with the label shows a text.
 * @param click the action that brings up the text, repeated until it does: GraphiQL loses clicks while it
 * starts, and for a moment after a change of tabs it runs the operation of the tab before
 */
async function waitForText(
  page: Page,
  label: string,
  text: string,
  click?: () => Promise<void>,
): Promise<void> {
  const nextText = async () => {
    await click?.();
    await page.waitForTimeout(click ? responseMs : pollMs);
    return textOf(page, label);
  };
  await expect.poll(nextText, { timeout: 20_000, interval: 0 }).toContain(text);
}

const responseMs = 300;
const pollMs = 50;
const storedMs = 700; // GraphiQL stores its tabs 500 ms after a change
const tabChangeMs = 500; // GraphiQL runs the operation of the tab before for a moment after a change

/** With `CI=true` nothing may be skipped, so there a missing browser is an error. */
function hasBrowser(): boolean {
  if (browserFile !== undefined) return true;
  const missing = `${browserFiles.join(' or ')} is missing`;
  const { CI } = process.env;
  if (CI === 'true') throw new Error(`${missing}, and CI skips nothing`);
  process.stdout.write(`skipped: ${missing}\n`);
  return false;
}

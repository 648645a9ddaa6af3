import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createCatalogue, startSandbox } from '../../src/sandbox/index.ts';
import { type Environment, startServer, until, upstreamOf } from '../support/process.ts';

/** Where Debian's package `chromium` puts it. */
const browserFile = '/usr/bin/chromium';

const bts = '3Nrfpe0tUJi4K4DXYWgMUX';
const asBrowser = { headers: { accept: 'text/html' } };

describe.skipIf(!hasBrowser())('GraphiQL in a browser', { timeout: 60_000 }, () => {
  test('says that it shows the sandbox, and finds BTS from its first tab', async () => {
    const { page, elsewhere } = await visit();
    expect(await page.title()).toMatch(/sandbox/i);
    await see(page, 'Operation Editor', 'You are looking at the SANDBOX');
    await see(page, 'Operation Editor', 'search(q: "BTS"');
    await see(page, 'Result Window', '"name": "BTS"', () => run(page));
    await see(page, 'Result Window', `"id": "${bts}"`);
    expect(elsewhere).toEqual([]);
  });

  test('shows the albums of BTS from its second tab', async () => {
    const { page, elsewhere } = await visit();
    const tab = page.getByRole('tab').nth(1).getByRole('button').first();
    await see(page, 'Operation Editor', `artist(id: "${bts}")`, () => tab.click());
    await see(page, 'Result Window', '"totalCount": 104', () => run(page));
    await see(page, 'Result Window', `"name": ${JSON.stringify(firstAlbumOfBts())}`);
    expect(elsewhere).toEqual([]);
  });
});

describe('the page of GraphiQL', () => {
  test('is sent compressed, and once only to a browser that has it already', async () => {
    const { get } = await startServer();
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

  test.each(['', 'br', 'gzip;q=0', 'deflate, gzip;q=0.0'])(
    'is sent as it is to a client that accepts "%s"',
    async (encoding) => {
      const { get } = await startServer();
      const { headers, text } = await get('/graphql', {
        headers: { accept: 'text/html', 'accept-encoding': encoding },
      });
      expect(headers['content-encoding']).toBeUndefined();
      expect(text).toMatch(/^\s*<!doctype html>.*<\/html>\s*$/s);
    },
  );

  test('may be framed by no page, and loads and sends nothing anywhere else', async () => {
    const { get } = await startServer();
    const { headers, text } = await get('/graphql', asBrowser);
    expect(headers).toMatchObject({
      'x-frame-options': 'DENY',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
    });
    const policy = new Map(
      `${headers['content-security-policy']}`.split('; ').map((each) => {
        const [name = '', ...sources] = each.split(' ');
        return [name, sources.join(' ')];
      }),
    );
    const [, script = ''] = /<script>(.*?)<\/script>/s.exec(text) ?? [];
    const hash = createHash('sha256').update(script).digest('base64');
    expect(Object.fromEntries(policy)).toMatchObject({
      'default-src': "'none'",
      'script-src': `'sha256-${hash}'`,
      'connect-src': "'self'",
      'frame-ancestors': "'none'",
      'base-uri': "'none'",
      'form-action': "'none'",
    });
    expect(headers['content-security-policy']).not.toMatch(/https?:|\*|unsafe-eval/);
  });

  test('says nothing of a sandbox where there are credentials', async () => {
    const sandbox = await startSandbox();
    onTestFinished(sandbox.close);
    const { get } = await startServer(upstreamOf(sandbox));
    const { status, text } = await get('/graphql', asBrowser);
    expect(status).toBe(200);
    expect(text).toContain('<title>Spotify GraphQL gateway</title>');
    expect(text).not.toContain('looking at the SANDBOX');
  });

  test.each<Environment>([{ GRAPHIQL: 'false' }, { NODE_ENV: 'production' }])(
    'is not there with %o',
    async (off) => {
      const { get } = await startServer(off);
      const { status, text } = await get('/graphql', asBrowser);
      expect(status).toBeGreaterThanOrEqual(400);
      expect(text).not.toContain('<html');
    },
  );
});

/** A first visit to a gateway of its own, in a browser that reaches this machine only. */
async function visit(): Promise<{ page: Page; elsewhere: string[] }> {
  const { url } = await startServer();
  const browser = await launch();
  const page = await browser.newPage({ viewport: { width: 1600, height: 1600 } });
  page.setDefaultTimeout(10_000);
  const elsewhere: string[] = [];
  page.on('websocket', (socket) => elsewhere.push(socket.url()));
  await page.route(
    ({ hostname, protocol }) => protocol.startsWith('http') && !['localhost', '127.0.0.1'].includes(hostname),
    (route) => {
      elsewhere.push(route.request().url());
      return route.abort();
    },
  );
  await until(async () => (await page.goto(url))?.ok() ?? false, 20_000);
  expect(elsewhere).toEqual([]);
  return { page, elsewhere };
}

async function launch(): Promise<Browser> {
  const browser = await chromium.launch({
    executablePath: browserFile,
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
  onTestFinished(() => browser.close());
  return browser;
}

const run = (page: Page): Promise<void> => page.getByRole('button', { name: 'Execute query' }).click();

/** What the part of the page with this label shows; its editors write spaces as no-break spaces. */
const textOf = async (page: Page, label: string): Promise<string> =>
  ((await page.getByLabel(label).textContent()) ?? '').replaceAll('\u00a0', ' ');

/**
 * Waits until the part shows a text.
 * @param click what brings it about; done again while it does not, as people do: GraphiQL loses clicks while it
 * starts, and for a moment after a change of tabs it runs the operation of the tab before
 */
async function see(page: Page, label: string, text: string, click?: () => Promise<void>): Promise<void> {
  const look = async () => {
    await click?.();
    await page.waitForTimeout(answerMs);
    return textOf(page, label);
  };
  await expect.poll(look, { timeout: 20_000, interval: 0 }).toContain(text);
}

const answerMs = 300;

function firstAlbumOfBts(): string {
  const catalogue = createCatalogue();
  const [slot] = catalogue.albumsOf(bts);
  if (slot?.shows !== 'album') throw new Error('the list begins with an album');
  return catalogue.album(slot.albumId)?.name ?? '';
}

/** With `CI=true` nothing may be skipped, so there a missing browser is an error. */
function hasBrowser(): boolean {
  if (existsSync(browserFile)) return true;
  const { CI } = process.env;
  if (CI === 'true') throw new Error(`${browserFile} is missing, and CI skips nothing`);
  process.stdout.write(`skipped: ${browserFile} is missing\n`);
  return false;
}

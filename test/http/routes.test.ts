import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { apiCalls, startGateway, type TestGateway, withSandbox } from '../support/gateway.ts';
import { postJson } from '../support/post-json.ts';
import { artistQuery } from '../support/schema-tests.ts';
import { temporaryFolder } from '../support/temporary-files.ts';

/** The HTTP routes beside the GraphQL endpoint. */

const asHtml = { headers: { accept: 'text/html' } };
const home = async ({ fetch }: Pick<TestGateway, 'fetch'>) => (await fetch('/')).text();

describe('GET /', () => {
  test('GET / describes the gateway, and links GraphiQL, the schema and the docs', async () => {
    const { fetch } = await withSandbox();
    const response = await fetch('/');
    expect(response.status).toBe(200);
    const page = await response.text();
    for (const part of ['href="/graphql"', 'href="/schema.graphql"', 'docs', 'GraphiQL', 'Spotify']) {
      expect(page).toContain(part);
    }
    for (const [, path = ''] of page.matchAll(/<a href="([^"]+)"/g)) {
      expect((await fetch(path, asHtml)).status, path).toBe(200);
    }
    expect(page).toContain('href="/docs/README.md"');
    expect(response.headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
  });

  test('GET / states why the gateway cannot serve requests', async () => {
    expect(await home(await withSandbox({ SPOTIFY_CLIENT_SECRET: 'another-secret' }))).toContain(
      'It cannot serve requests at present: Spotify rejects the credentials; see the log.',
    );
    expect(await home(await withSandbox())).not.toContain('at present');
  });

  test('GET / names each family whose daily quota is used up, with the time of the next call', async () => {
    const { fetch, execute } = await withSandbox({ SPOTIFY_DAILY_LIMITS: 'artists=2,albums=2,search=200' });
    expect(await home({ fetch })).not.toContain('used up');
    await execute(artistQuery);
    const [line = '', ...others] = (await home({ fetch })).match(/The daily quota of .*/g) ?? [];
    expect(others).toEqual([]);
    const [, family, day, time] =
      /^The daily quota of <code>(.*)<\/code> is used up: the next call is possible on (.*) at (.*) UTC\./.exec(
        line,
      ) ?? [];
    expect(family).toBe('artists');
    const { data } = await execute('{ quota { family resetAt } }');
    const { quota } = data as { quota: { family: string; resetAt: string }[] };
    const resetAt = quota.find((row) => row.family === 'artists')?.resetAt ?? '';
    const laterMs = Date.parse(`${day}T${time}Z`) - Date.parse(resetAt);
    expect(laterMs).toBeGreaterThanOrEqual(0);
    expect(laterMs).toBeLessThan(60_000);
  });

  test('GET / names a family whose quota Spotify has just rejected', async () => {
    const { fetch, execute, sandbox } = await withSandbox();
    sandbox.faults.add({ fault: { kind: 'rate-limit', form: 'quota', retryAfterSeconds: 3_600 }, times: 1 });
    await execute(artistQuery);
    expect(await home({ fetch })).toContain('The daily quota of <code>artists</code> is used up');
  });

  test('GET / names a family whose quota Spotify has rejected for another process', async () => {
    const DATA_DIR = temporaryFolder();
    const { execute, sandbox } = await withSandbox({ DATA_DIR });
    const other = startGateway(sandbox, { DATA_DIR });
    expect(await home(other)).not.toContain('used up');
    sandbox.faults.add({ fault: { kind: 'rate-limit', form: 'quota', retryAfterSeconds: 3_600 }, times: 1 });
    await execute(artistQuery);
    await expect
      .poll(() => home(other), { timeout: 10_000 })
      .toContain('The daily quota of <code>artists</code> is used up');
    expect(apiCalls(sandbox)).toHaveLength(1);
  });

  test('GET / does not mention a used-up quota if EXPOSE_QUOTA is off', async () => {
    const { fetch, execute } = await withSandbox({
      SPOTIFY_DAILY_LIMITS: 'artists=2',
      EXPOSE_QUOTA: 'false',
    });
    await execute(artistQuery);
    expect(await home({ fetch })).not.toContain('used up');
  });

  test('GET / links only pages that exist', async () => {
    const page = await home(await withSandbox({ GRAPHIQL: 'false', INTROSPECTION: 'false' }));
    expect(page).not.toContain('GraphiQL');
    expect(page).not.toContain('/schema.graphql');
  });

  test.each([{}, { GRAPHIQL: 'true', INTROSPECTION: 'true' }])(
    'GET / is an empty 404 in production, with %o',
    async (more) => {
      const { fetch } = await withSandbox({ NODE_ENV: 'production', ...more });
      const response = await fetch('/');
      expect({ status: response.status, body: await response.text() }).toEqual({ status: 404, body: '' });
    },
  );
});

describe('GET /docs/', () => {
  test('the gateway serves the pages of the docs as text, and nothing else', async () => {
    const { fetch } = await withSandbox();
    const response = await fetch('/docs/errors.md');
    expect(response.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(await response.text()).toBe(
      readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8'),
    );
    for (const path of ['/docs/../package.json', '/docs/%2e%2e/package.json', '/docs/grafana.json']) {
      expect((await fetch(path)).status, path).toBe(404);
    }
  });

  test('the gateway serves the docs to browsers as HTML, in which every link and picture exists', async () => {
    const { fetch } = await withSandbox();
    const pages = new Map<string, string>();
    const visit = async (path: string) => {
      const response = await fetch(path, asHtml);
      expect(response.status, path).toBe(200);
      pages.set(path, await response.text());
      if (!path.endsWith('.md')) return; // the text of the schema and the scripts of GraphiQL have parts that look like links
      for (const [, link = ''] of (pages.get(path) ?? '').matchAll(/ (?:href|src)="([^"]+)"/g)) {
        const { protocol, pathname } = new URL(link, `http://localhost${path}`);
        if (protocol === 'http:' && !pages.has(pathname)) await visit(pathname);
      }
    };
    await visit('/docs/README.md');
    expect([...pages.keys()]).toEqual(
      expect.arrayContaining([
        '/README.md',
        '/docs/quota.md',
        '/docs/decisions/README.md',
        '/docs/graphiql.png',
      ]),
    );
    const errors = pages.get('/docs/errors.md') ?? '';
    expect(errors).toMatch(/^<!doctype html>/);
    expect(errors).toContain('<table>');
    expect(errors.match(/<h1>/g)).toHaveLength(1);
    expect(pages.get('/docs/limits.md')).toContain('<h2 id="the-plan">The plan</h2>');
    expect(errors).not.toContain('<script');
  });

  test('the logo of a page of the docs links to the page that describes the gateway', async () => {
    const { fetch } = await withSandbox();
    const page = await (await fetch('/docs/errors.md', asHtml)).text();
    expect(page).toMatch(/<body>\s*<a href="\/" aria-label="Home"><svg /);
  });

  test('the pages of the docs link the schema if the gateway serves it, and otherwise only name it', async () => {
    const served = await (await withSandbox()).fetch('/docs/README.md', asHtml);
    expect(await served.text()).toContain('<a href="../schema.graphql">schema.graphql</a>');
    const { fetch } = await withSandbox({ GRAPHIQL: 'false', INTROSPECTION: 'false' });
    const page = await (await fetch('/docs/README.md', asHtml)).text();
    expect(page).toContain('schema.graphql: the schema');
    expect(page).not.toContain('schema.graphql</a>');
  });

  test.each(['/docs', '/docs/'])('%s redirects to the list of the pages of the docs', async (path) => {
    const { fetch } = await withSandbox();
    const { status, headers } = await fetch(path);
    expect([status, headers.get('location')]).toEqual([308, '/docs/README.md']);
  });

  test('the docs are 404 in production', async () => {
    const { fetch } = await withSandbox({ NODE_ENV: 'production' });
    for (const path of ['/docs/errors.md', '/docs']) expect((await fetch(path)).status).toBe(404);
  });
});

test.each([{}, { NODE_ENV: 'production' }])(
  '/graphql/ redirects GET and POST to /graphql with its query string, with %o',
  async (environment) => {
    const { fetch, sandbox } = await withSandbox(environment);
    for (const search of ['', '?query=%7B__typename%7D']) {
      for (const request of [{}, postJson({ query: '{ __typename }' })]) {
        const { status, headers } = await fetch(`/graphql/${search}`, request);
        expect({ status, location: headers.get('location') }).toEqual({
          status: 308,
          location: `/graphql${search}`,
        });
      }
    }
    expect((await fetch('/graphql//')).status).toBe(404);
    expect(sandbox.calls()).toEqual([]);
  },
);

describe('GET /schema.graphql', () => {
  const published = readFileSync(new URL('../../schema.graphql', import.meta.url), 'utf8');

  test.each([{}, { NODE_ENV: 'production', INTROSPECTION: 'true' }])(
    'GET /schema.graphql returns the published schema if introspection is on, with %o',
    async (environment) => {
      const { fetch } = await withSandbox(environment);
      const response = await fetch('/schema.graphql');
      expect(response.headers.get('content-type')).toMatch(/^text\/plain/);
      expect((await response.text()).trim()).toBe(published.trim());
    },
  );

  test.each([{ INTROSPECTION: 'false' }, { NODE_ENV: 'production' }])(
    'GET /schema.graphql is 404 if introspection is off, with %o',
    async (environment) => {
      const { fetch } = await withSandbox(environment);
      expect((await fetch('/schema.graphql')).status).toBe(404);
    },
  );
});

test.each(['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])(
  'the routes that only serve pages respond to %s with 405 and name the methods GET and HEAD',
  async (method) => {
    const { fetch } = await withSandbox();
    for (const path of ['/', '/docs', '/docs/', '/docs/errors.md', '/README.md', '/schema.graphql']) {
      const response = await fetch(path, { method });
      expect([response.status, response.headers.get('allow')], path).toEqual([405, 'GET, HEAD']);
      expect(await response.text(), path).toBe('Send a GET request.\n');
      expect([200, 308], path).toContain((await fetch(path, { method: 'HEAD' })).status);
    }
  },
);

test('pages that are not served in production are an empty 404 for every method', async () => {
  const { fetch } = await withSandbox({ NODE_ENV: 'production' });
  for (const path of ['/', '/docs', '/docs/errors.md', '/schema.graphql']) {
    const response = await fetch(path, { method: 'POST', body: '{}' });
    expect([response.status, await response.text()], path).toEqual([404, '']);
  }
});

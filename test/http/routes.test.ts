import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { withSandbox } from '../support/gateway.ts';
import { startServer, until } from '../support/process.ts';

/** What is served beside the graph. */

describe('GET /', () => {
  test('describes the gateway, and links GraphiQL, the schema and the docs', async () => {
    const { fetch } = await withSandbox();
    const response = await fetch('/');
    expect(response.status).toBe(200);
    const page = await response.text();
    for (const part of ['href="/graphql"', 'href="/schema.graphql"', 'docs', 'GraphiQL', 'Spotify']) {
      expect(page).toContain(part);
    }
    expect(response.headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    expect((await fetch('/', { method: 'POST', body: '{}' })).status).toBe(404);
  });

  test('links only what is there', async () => {
    const { fetch } = await withSandbox({ GRAPHIQL: 'false', INTROSPECTION: 'false' });
    const page = await (await fetch('/')).text();
    expect(page).not.toContain('GraphiQL');
    expect(page).not.toContain('/schema.graphql');
  });

  test.each([{}, { GRAPHIQL: 'true', INTROSPECTION: 'true' }])(
    'is a plain 404 in production, with %o',
    async (more) => {
      const { fetch } = await withSandbox({ NODE_ENV: 'production', ...more });
      const response = await fetch('/');
      expect({ status: response.status, body: await response.text() }).toEqual({ status: 404, body: '' });
    },
  );
});

describe('GET /graphql/', () => {
  test.each([{}, { NODE_ENV: 'production' }])(
    'redirects to /graphql with its query string, with %o',
    async (environment) => {
      const { fetch, sandbox } = await withSandbox(environment);
      for (const search of ['', '?query=%7B__typename%7D']) {
        const { status, headers } = await fetch(`/graphql/${search}`);
        expect({ status, location: headers.get('location') }).toEqual({
          status: 308,
          location: `/graphql${search}`,
        });
      }
      expect((await fetch('/graphql//')).status).toBe(404);
      expect((await fetch('/graphql/', { method: 'POST', body: '{}' })).status).toBe(404);
      expect(sandbox.calls()).toEqual([]);
    },
  );
});

describe('GET /schema.graphql', () => {
  const published = readFileSync(new URL('../../schema.graphql', import.meta.url), 'utf8');

  test.each([{}, { NODE_ENV: 'production', INTROSPECTION: 'true' }])(
    'is the published schema where introspection is on, with %o',
    async (environment) => {
      const { fetch } = await withSandbox(environment);
      const response = await fetch('/schema.graphql');
      expect(response.headers.get('content-type')).toMatch(/^text\/plain/);
      expect((await response.text()).trim()).toBe(published.trim());
    },
  );

  test.each([{ INTROSPECTION: 'false' }, { NODE_ENV: 'production' }])(
    'is 404 where introspection is off, with %o',
    async (environment) => {
      const { fetch } = await withSandbox(environment);
      expect((await fetch('/schema.graphql')).status).toBe(404);
    },
  );
});

describe('GET /ready', () => {
  test('tells by one fixed phrase for each reason why it is 503', async () => {
    const { fetch, gateway, sandbox } = await withSandbox();
    const ready = async () => {
      const response = await fetch('/ready');
      return `${response.status} ${await response.text()}`;
    };
    sandbox.faults.add({ on: { route: 'token' }, fault: { kind: 'reset' } });
    expect(await ready()).toBe('503 no valid Spotify token');
    gateway.drain();
    expect(await ready()).toBe('503 draining');
  });
});

describe('METRICS_PORT', () => {
  const metricsUrl = (out: string) => /^Metrics on (http:\S+)$/m.exec(out)?.[1];

  test.each(['1', '2'])('is the only port of /metrics, with %s processes', async (workers) => {
    const { get, out, ask, signal, ended } = await startServer({
      METRICS_PORT: '0',
      WEB_CONCURRENCY: workers,
    });
    const url = await until(() => metricsUrl(out()), 5_000);
    await ask('{ __typename }');
    expect((await get('/metrics')).status).toBe(404);
    const metrics = await fetch(url);
    expect(metrics.headers.get('content-type')).toContain('text/plain');
    expect(await metrics.text()).toContain('spotify_graphql_operations_total{outcome="ok"} 1');
    for (const [path, text] of [
      ['/health', 'alive'],
      ['/ready', 'ready'],
    ] as const) {
      expect(await (await fetch(new URL(path, url))).text()).toBe(text);
      expect((await get(path)).text).toBe(text);
    }
    for (const path of ['/graphql', '/', '/schema.graphql', '/metrics/']) {
      expect((await fetch(new URL(path, url))).status, path).toBe(404);
    }
    signal('SIGTERM');
    expect((await ended).code).toBe(0);
  });

  test('that is taken stops the start with a message that names it', async () => {
    const { port } = await startServer();
    await expect(startServer({ METRICS_PORT: `${port}` })).rejects.toThrow(/METRICS_PORT must be/);
  });
});

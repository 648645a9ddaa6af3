import { describe, expect, test } from 'vitest';
import { createReadiness, type ReadinessOptions } from '../../src/http/operator-routes.ts';
import { type TestGateway, withSandbox } from '../support/gateway.ts';
import { startServer, until } from '../support/process.ts';
import { artistQuery } from '../support/schema-tests.ts';
import { silentLog } from '../support/silent-log.ts';
import { portOf } from '../support/test-server.ts';

const cases: [reason: string, options: Partial<ReadinessOptions>, status: number, text: string][] = [
  ['the gateway can serve', {}, 200, 'ready'],
  ['the process is draining', { isDraining: () => true }, 503, 'draining'],
  [
    'the credentials are wrong',
    { whyNotReady: async () => 'credentials-rejected' },
    503,
    'Spotify rejects the credentials; see the log',
  ],
  ['there is no token', { whyNotReady: async () => 'no-token' }, 503, 'no valid Spotify token; see the log'],
  [
    'the Premium subscription has lapsed',
    { whyNotReady: async () => 'premium-lapsed' },
    503,
    'Premium subscription lapsed; see the log',
  ],
  [
    'the check fails',
    { whyNotReady: () => Promise.reject(new Error()) },
    503,
    'readiness check failed; see the log',
  ],
];

test.each(cases)('/ready has a phrase of its own if %s', async (_, options, status, text) => {
  const readiness = createReadiness(
    { isDraining: () => false, whyNotReady: async () => null, ...options },
    silentLog,
  );
  expect(await readiness()).toEqual({ status, text });
});

describe('GET /ready', () => {
  const ready = async ({ fetch }: TestGateway) => {
    const response = await fetch('/ready');
    return `${response.status} ${await response.text()}`;
  };

  test('/ready distinguishes wrong credentials from other reasons for a missing token', async () => {
    const wrong = await withSandbox({ SPOTIFY_CLIENT_SECRET: 'another' });
    expect(await ready(wrong)).toBe('503 Spotify rejects the credentials; see the log');
    const other = await withSandbox();
    other.sandbox.faults.add({ on: { route: 'token' }, fault: { kind: 'reset' } });
    expect(await ready(other)).toBe('503 no valid Spotify token; see the log');
  });

  test('/ready is 503 with a fixed phrase while Premium has lapsed, and with another phrase while the gateway drains', async () => {
    const gateway = await withSandbox();
    expect(await ready(gateway)).toBe('200 ready');
    gateway.sandbox.faults.add({ fault: { kind: 'premium-lapsed' } });
    await gateway.execute(artistQuery);
    expect(await ready(gateway)).toBe('503 Premium subscription lapsed; see the log');
    gateway.gateway.drain();
    expect(await ready(gateway)).toBe('503 draining');
  });
});

test.each(['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])(
  'the operator routes respond to %s with 405 and name the methods GET and HEAD',
  async (method) => {
    const { fetch, gateway } = await withSandbox();
    const origin = `http://127.0.0.1:${await portOf(gateway.operatorListener)}`;
    for (const path of ['/health', '/ready', '/metrics']) {
      for (const send of [fetch, (url: string, init?: RequestInit) => globalThis.fetch(origin + url, init)]) {
        const response = await send(path, { method });
        expect([response.status, response.headers.get('allow')], path).toEqual([405, 'GET, HEAD']);
        expect((await send(path, { method: 'HEAD' })).status, path).toBe(200);
        expect((await send(path)).status, path).toBe(200);
      }
    }
  },
);

test('no cache keeps the state of a process, and each response of an operator route has a request id', async () => {
  const { fetch, gateway } = await withSandbox();
  const origin = `http://127.0.0.1:${await portOf(gateway.operatorListener)}`;
  const headers = { 'x-request-id': 'mine' };
  for (const path of ['/health', '/ready', '/metrics', '/nothing']) {
    for (const response of [
      await fetch(path, { headers }),
      await globalThis.fetch(origin + path, { headers }),
    ])
      expect(
        [response.headers.get('cache-control'), response.headers.get('x-request-id')],
        response.url,
      ).toEqual(['no-store, max-age=0', 'mine']);
  }
  for (const path of ['/', '/graphql/'])
    expect((await fetch(path)).headers.get('cache-control'), path).toBe('no-store, max-age=0');
});

describe('METRICS_PORT', () => {
  const metricsUrl = (out: string) => /^Metrics on (http:\S+)$/m.exec(out)?.[1];

  test.each(['1', '2'])('METRICS_PORT is the only port of /metrics, with %s processes', async (workers) => {
    const { get, out, execute, signal, ended } = await startServer({
      METRICS_PORT: '0',
      WEB_CONCURRENCY: workers,
    });
    const url = await until(() => metricsUrl(out()), 5_000);
    expect(out().indexOf('SANDBOX:')).toBeLessThan(out().indexOf('Metrics on'));
    await execute('{ __typename }');
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
      const response = await fetch(new URL(path, url));
      expect([response.status, await response.text()], path).toEqual([
        404,
        'This path does not exist. The paths are /health, /ready, /metrics.\n',
      ]);
    }
    signal('SIGTERM');
    expect((await ended).code).toBe(0);
  });

  test('a METRICS_PORT that is in use prevents the start with a message that names the variable', async () => {
    const port = await portOf(() => undefined);
    await expect(startServer({ METRICS_PORT: `${port}` })).rejects.toThrow(
      `Choose another one, such as METRICS_PORT=${port + 1}.`,
    );
  });
});

test('a bug in a route beside /graphql is logged, and the response is an empty 500', async () => {
  const { fetch, gateway, logged } = await withSandbox();
  const bug = new TypeError('canary-3f9c1');
  gateway.metrics.registry.metrics = () => Promise.reject(bug);
  const response = await fetch('/metrics');
  expect({ status: response.status, body: await response.text() }).toEqual({ status: 500, body: '' });
  expect(logged).toEqual([{ level: 'error', fields: { err: bug }, message: 'bug in a plugin' }]);
});

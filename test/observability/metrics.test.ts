import { parse } from 'graphql';
import { AggregatorRegistry, type Registry } from 'prom-client';
import { describe, expect, test } from 'vitest';
import { families } from '../../src/datasources/spotify/index.ts';
import { type TestGateway, withSandbox } from '../support/gateway.ts';
import { postJson } from '../support/post-json.ts';
import { artistQuery, artists, unknownId } from '../support/schema-tests.ts';

/** The metrics, and how operations and calls change them. */

const { bts } = artists;
const otherQuery = `{ artist(id: "${unknownId}") { name } }`;
const prefix = 'spotify_graphql_';

/** The samples of a metric by their labels; for a histogram, the number of observations. */
const samples = ({ gateway }: TestGateway, name: string) => samplesIn(gateway.metrics.registry, name);

async function samplesIn(
  registry: Pick<Registry, 'getMetricsAsJSON'>,
  name: string,
): Promise<Record<string, number>> {
  const metrics = await registry.getMetricsAsJSON();
  const metric = metrics.find((metric) => metric.name === prefix + name);
  if (!metric) throw new Error(`there is no metric ${name}`);
  const values = metric.values as { value: number; labels: Record<string, string>; metricName?: string }[];
  return Object.fromEntries(
    values
      .filter(({ metricName = '' }) => !/_(bucket|sum)$/.test(metricName))
      .map(({ value, labels }) => [Object.values(labels).join(' '), value]),
  );
}

const development = { SPOTIFY_QUOTA_MODE: 'development' };

describe('metrics', () => {
  test('metrics count operations and the codes of their errors, one for each error', async () => {
    const gateway = await withSandbox(development);
    await gateway.execute(artistQuery);
    await gateway.execute(
      `{ a: artist(id: "x") { name } b: artist(id: "y") { name } ${artistQuery.slice(1)}`,
    );
    await gateway.execute('{ nothing }');
    expect(await samples(gateway, 'operations_total')).toEqual({ ok: 1, errors: 2 });
    expect(await samples(gateway, 'errors_total')).toEqual({
      BAD_USER_INPUT: 2,
      GRAPHQL_VALIDATION_FAILED: 1,
    });
    expect(await samples(gateway, 'operation_duration_seconds')).toEqual({ '': 3 });
  });

  test('metrics count no error for an operation whose client has disconnected, because no client gets an error', async () => {
    const gateway = await withSandbox(development, { latencyMs: 100 });
    const disconnected = gateway.gateway.execute({
      document: parse(artistQuery),
      signal: AbortSignal.timeout(20),
    });
    await expect(disconnected).rejects.toThrow('aborted due to timeout');
    expect(await samples(gateway, 'operations_total')).toEqual({ ok: 1 });
    expect(await samples(gateway, 'errors_total')).toEqual({});
    expect(gateway.logged.at(-1)?.fields).toMatchObject({ codes: [], disconnected: true });
  });

  test('metrics count calls by family and status in all, and by family in 30 s and in a day', async () => {
    const gateway = await withSandbox(development);
    await gateway.execute(`{ artist(id: "${bts}") { name albums(first: 20) { nodes { name } } } }`);
    gateway.sandbox.faults.add({ on: { route: 'albums' }, fault: { kind: 'reset' }, times: 3 });
    gateway.sandbox.faults.add({
      on: { route: 'tracks' },
      fault: { kind: 'answer', status: 403, json: { error: { status: 403, message: 'no' } } },
    });
    const { id = '' } = gateway.sandbox.catalogue.albums().at(-1) ?? {};
    await gateway.execute(`{ album(id: "${id}") { name } track(id: "${id}") { name } }`);

    const perFamily = { artists: 1, 'artists/albums': 2, albums: 3, tracks: 1 };
    expect(await samples(gateway, 'upstream_calls_total')).toEqual({
      'token 200': 1,
      'artists 200': 1,
      'artists/albums 200': 2,
      'albums none': 3,
      'tracks 403': 1,
    });
    expect(await samples(gateway, 'upstream_calls_last_30s')).toEqual(perFamily);
    expect(await samples(gateway, 'upstream_calls_last_24h')).toMatchObject(perFamily);
    expect(await samples(gateway, 'upstream_call_duration_seconds')).toEqual({ token: 1, ...perFamily });
  });

  test('metrics count the sources of data: memory, a shared call, or Spotify', async () => {
    const gateway = await withSandbox(development, { latencyMs: 20 });
    await Promise.all([gateway.execute(artistQuery), gateway.execute(artistQuery)]);
    await gateway.execute(artistQuery);
    expect(await samples(gateway, 'answers_total')).toEqual({ spotify: 1, shared: 1, memory: 1 });
  });

  test('metrics state for how many seconds the calls of a family are blocked and why, and 0 if no call is blocked', async () => {
    const gateway = await withSandbox(development);
    await gateway.execute(artistQuery);
    expect(await samples(gateway, 'gate_shut_seconds')).toEqual({ 'artists ': 0 });
    gateway.sandbox.faults.add({ fault: { kind: 'rate-limit', retryAfterSeconds: 30 }, times: 1 });
    await gateway.execute(otherQuery);
    const { 'artists rate': seconds = 0, ...others } = await samples(gateway, 'gate_shut_seconds');
    expect(others).toEqual({});
    expect(seconds).toBeGreaterThan(28);
    expect(seconds).toBeLessThanOrEqual(30);
    expect(await samples(gateway, 'errors_total')).toEqual({ UPSTREAM_RATE_LIMITED: 1 });
  });

  test('metrics state for how many seconds calls are blocked by a daily limit that is used up before Spotify rejects a call', async () => {
    const gateway = await withSandbox({ ...development, SPOTIFY_DAILY_LIMITS: 'artists=2' });
    await gateway.execute(artistQuery);
    const { errors } = await gateway.execute(otherQuery);
    const { code, retryAfter } = errors?.[0]?.extensions ?? {};
    expect(code).toBe('UPSTREAM_QUOTA_EXCEEDED');
    const { 'artists quota': seconds = 0, ...others } = await samples(gateway, 'gate_shut_seconds');
    expect(others).toEqual({});
    expect(seconds).toBeGreaterThan(86_000);
    expect(Math.abs(seconds - Number(retryAfter))).toBeLessThan(5);
    expect(gateway.sandbox.calls().filter(({ kind }) => kind === 'api')).toHaveLength(1);
  });

  test('metrics show used calls, limit, remaining calls, freshness factor and rejections of each daily quota', async () => {
    const gateway = await withSandbox({ ...development, SPOTIFY_DAILY_LIMITS: 'artists=5,search=200' });
    await gateway.execute(artistQuery);
    expect(await samples(gateway, 'upstream_calls_last_24h')).toMatchObject({ artists: 1, search: 0 });
    expect(await samples(gateway, 'quota_limit')).toMatchObject({
      'artists configured': 5,
      'search configured': 200,
      'artists/albums presumed': 100,
    });
    expect(await samples(gateway, 'quota_remaining')).toMatchObject({ artists: 3, search: 196 });
    expect(await samples(gateway, 'quota_freshness_factor')).toMatchObject({ artists: 1, search: 1 });
    // From 0, so that Prometheus counts the first rejection as an increase.
    const noRejections = Object.fromEntries(families.map((family) => [family, 0]));
    expect(await samples(gateway, 'quota_rejections_total')).toEqual(noRejections);

    const others = gateway.sandbox.catalogue
      .artists()
      .slice(1, 4)
      .map(({ id }) => id);
    for (const id of others.slice(0, 2)) await gateway.execute(`{ artist(id: "${id}") { name } }`);
    const { artists: factor = 0 } = await samples(gateway, 'quota_freshness_factor');
    expect(factor).toBeCloseTo(24 ** 0.25, 2); // three of five calls are used
    gateway.sandbox.faults.add({ fault: { kind: 'rate-limit', retryAfterSeconds: 7_200 }, times: 1 });
    await gateway.execute(`{ artist(id: "${others[2]}") { name } }`);
    expect(await samples(gateway, 'quota_rejections_total')).toEqual({ ...noRejections, artists: 1 });
  });

  test('metrics of several processes add up what each process has counted, and state once what all of them share', async () => {
    const gateway = await withSandbox(development);
    const { registry, connectionsChanged } = gateway.gateway.metrics;
    await gateway.execute(`{ artist(id: "${bts}") { name } }`);
    connectionsChanged(1);
    const ofOneProcess = await registry.getMetricsAsJSON();
    const ofTwoProcesses = AggregatorRegistry.aggregate([ofOneProcess, ofOneProcess]);
    const sum = (name: string) => samplesIn(ofTwoProcesses, name);
    expect(await sum('connections')).toEqual({ '': 2 });
    expect(await sum('upstream_calls_last_30s')).toMatchObject({ artists: 2 });
    expect(await sum('upstream_calls_last_24h')).toMatchObject({ artists: 1 });
    expect(await sum('ability')).toEqual(await samples(gateway, 'ability'));
  });

  test('metrics count the calls that waited in the queue', async () => {
    const gateway = await withSandbox({ ...development, UPSTREAM_CONCURRENCY: '1' }, { latencyMs: 10 });
    await gateway.execute(`{ artist(id: "${bts}") { name albums(first: 40) { nodes { name } } } }`);
    const { 'artists/albums': waited = 0 } = await samples(gateway, 'gate_wait_seconds');
    expect(waited).toBeGreaterThan(0);
  });

  test('metrics state the age of the token, once there is a token, and the lag of the event loop', async () => {
    const gateway = await withSandbox(development);
    expect(await samples(gateway, 'token_age_seconds')).toEqual({ '': 0 });
    await gateway.execute(artistQuery);
    const { '': age } = await samples(gateway, 'token_age_seconds');
    expect(age).toBeGreaterThan(0);
    expect(age).toBeLessThan(30);
    const { '': lag } = await samples(gateway, 'event_loop_lag_seconds');
    expect(lag).toBeGreaterThanOrEqual(0);
  });

  test('metrics state the capabilities of the app', async () => {
    const gateway = await withSandbox({ SPOTIFY_QUOTA_MODE: 'extended' }, { quotaMode: 'extended' });
    const { batch, 'artists/albums': page } = await samples(gateway, 'ability');
    expect({ batch, page }).toEqual({ batch: 1, page: 50 });
  });

  test('metrics count requests that are rejected before their document is read', async () => {
    const gateway = await withSandbox();
    const post = (body: string, type = 'application/json') =>
      gateway.fetch('/graphql', { method: 'POST', headers: { 'content-type': type }, body });
    await post('{}', 'text/plain');
    await post('{');
    await post('null');
    await post('x'.repeat(100_001));
    await gateway.fetch('/graphql?query={__typename}&variables=x');
    gateway.gateway.drain();
    await post('{}');
    expect(await samples(gateway, 'refusals_total')).toEqual({
      BAD_REQUEST: 4,
      QUERY_TOO_COMPLEX: 1,
      OVERLOADED: 1,
    });
    expect(gateway.sandbox.calls()).toEqual([]);
  });

  test('metrics count requests without a usable operation, and those whose hash names no document, but no operations with errors', async () => {
    const gateway = await withSandbox();
    const bodies = [
      {},
      [{ query: '{ __typename }' }],
      { query: 1 },
      { query: '{ __typename }', operationName: 1 },
      { query: '{ __typename }', variables: 1 },
      { documentId: 'a' },
      ...['{', '{ nothing }', '{ artist(id: "none") { id } }'].map((query) => ({ query })), // operations with errors
    ];
    for (const body of bodies) await gateway.fetch('/graphql', postJson(body));
    expect(await samples(gateway, 'refusals_total')).toEqual({
      BAD_REQUEST: 5,
      PERSISTED_QUERY_NOT_SUPPORTED: 1,
    });
  });

  test('metrics contain no text that a client has sent', async () => {
    const gateway = await withSandbox(development);
    await gateway.execute(
      `query Canary { canary: artist(id: "canary") { name } search(q: "canary") { __typename } }`,
    );
    const text = await (await gateway.fetch('/metrics')).text();
    expect(text).toContain(`${prefix}operations_total`);
    expect(text).not.toMatch(/canary/i);
  });
});

import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { InMemorySpanExporter, type ReadableSpan, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { describe, expect, onTestFinished, test } from 'vitest';
import { withSandbox } from '../support/gateway.ts';
import { startTracing } from '../support/spans.ts';

/** What OpenTelemetry's SDK gets to see, and what Spotify does not. */

const traceId = '0af7651916cd43dd8448eb211c80319c';
const parentId = 'b7ad6b7169203331';
const traceparent = `00-${traceId}-${parentId}-01`;
const bts = '3Nrfpe0tUJi4K4DXYWgMUX';
const artistName = `{ artist(id: "${bts}") { name } }`;

function keepSpans(): InMemorySpanExporter {
  const exporter = new InMemorySpanExporter();
  onTestFinished(startTracing(new SimpleSpanProcessor(exporter)));
  return exporter;
}

const ask = (query: string, headers: Record<string, string> = {}): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json', ...headers },
  body: JSON.stringify({ query }),
});

/** The address of a server that ends with the test. */
async function listen(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`;
}

const summary = (spans: readonly ReadableSpan[]) =>
  spans.map(({ name, kind, attributes, status }) => ({ name, kind, attributes, status: status.code }));

const named = (spans: readonly ReadableSpan[], name: string): ReadableSpan[] =>
  spans.filter((span) => span.name === name);

/** The span that stands above all the others, which are its children. */
function expectOneFamily(spans: readonly ReadableSpan[]): ReadableSpan {
  const [operation, ...others] = spans.filter(({ kind }) => kind === SpanKind.SERVER);
  if (!operation) throw new Error('there is no span of the operation');
  expect(others).toEqual([]);
  const { traceId, spanId } = operation.spanContext();
  for (const span of spans.filter((each) => each !== operation)) {
    expect(span.spanContext().traceId).toBe(traceId);
    expect(span.parentSpanContext?.spanId, span.name).toBe(spanId);
  }
  return operation;
}

const operationSpan = (name: string) => ({
  name,
  kind: SpanKind.SERVER,
  attributes: { 'graphql.planned_calls': 1 },
  status: SpanStatusCode.UNSET,
});

describe('spans', () => {
  test('tell of an operation and its calls', async () => {
    const exporter = keepSpans();
    const { fetch } = await withSandbox({ SPOTIFY_QUOTA_MODE: 'development' });
    await (await fetch('/graphql', ask(`query Name ${artistName}`))).text();

    const spans = exporter.getFinishedSpans();
    expect(summary(spans)).toEqual([
      {
        name: 'spotify token',
        kind: SpanKind.CLIENT,
        attributes: {
          'http.request.method': 'POST',
          'url.path': '/api/token',
          'spotify.family': 'token',
          'http.response.status_code': 200,
        },
        status: SpanStatusCode.UNSET,
      },
      {
        name: 'spotify artists',
        kind: SpanKind.CLIENT,
        attributes: {
          'http.request.method': 'GET',
          'url.path': `/artists/${bts}`,
          'spotify.family': 'artists',
          'http.response.status_code': 200,
        },
        status: SpanStatusCode.UNSET,
      },
      operationSpan('graphql Name'),
    ]);
    expect(expectOneFamily(spans).parentSpanContext).toBeUndefined();
    expect(new Set(spans.map(({ instrumentationScope }) => instrumentationScope.name))).toEqual(
      new Set(['spotify-graphql-gateway']),
    );
  });

  test('continue the trace that the client began', async () => {
    const exporter = keepSpans();
    const { fetch } = await withSandbox();
    await (await fetch('/graphql', ask(artistName, { traceparent }))).text();

    const operation = expectOneFamily(exporter.getFinishedSpans());
    expect(operation.spanContext().traceId).toBe(traceId);
    expect(operation.parentSpanContext).toMatchObject({ traceId, spanId: parentId, isRemote: true });
  });

  test('are the same on the short way from a socket', async () => {
    const exporter = keepSpans();
    const { gateway } = await withSandbox();
    const url = await listen(gateway.listener);
    await (await fetch(url, ask(artistName, { traceparent, connection: 'close' }))).text();

    const spans = exporter.getFinishedSpans();
    const operation = expectOneFamily(spans);
    expect(operation.parentSpanContext).toMatchObject({ traceId, spanId: parentId, isRemote: true });
    expect(named(spans, 'spotify artists')).toHaveLength(1);
  });

  test('are one for an answer that is given again, in the trace of whoever asks again', async () => {
    const { gateway } = await withSandbox({ SPOTIFY_QUOTA_MODE: 'development' });
    const url = await listen(gateway.listener);
    for (let i = 0; i < 2; i += 1) await (await fetch(url, ask(artistName, { connection: 'close' }))).text();
    const exporter = keepSpans();
    await (await fetch(url, ask(artistName, { traceparent, connection: 'close' }))).text();

    const spans = exporter.getFinishedSpans();
    expect(summary(spans)).toEqual([operationSpan('graphql operation')]);
    expect(expectOneFamily(spans).spanContext().traceId).toBe(traceId);
  });

  test.each(['{ nothing }', '{ artist', 'query ($id: ID!) { artist(id: $id) { name } }'])(
    'are one, and an error, for an operation that is refused: %s',
    async (document) => {
      const exporter = keepSpans();
      const { fetch } = await withSandbox();
      const body = JSON.stringify({ query: document });
      await (await fetch('/graphql', { ...ask(''), body })).text();
      const refused = { planned: 0, status: { code: SpanStatusCode.ERROR } };
      expect(
        exporter.getFinishedSpans().map(({ name, attributes, status }) => ({
          name,
          planned: attributes['graphql.planned_calls'],
          status,
        })),
      ).toEqual([{ name: 'graphql operation', ...refused }]);
    },
  );

  test('are none where the client had its trace left out', async () => {
    const exporter = keepSpans();
    const { fetch } = await withSandbox();
    await (await fetch('/graphql', ask(artistName, { traceparent: `00-${traceId}-${parentId}-00` }))).text();
    expect(exporter.getFinishedSpans()).toEqual([]);
  });

  test('tell of the wait at the gate', async () => {
    const exporter = keepSpans();
    const { fetch } = await withSandbox(
      { SPOTIFY_QUOTA_MODE: 'development', UPSTREAM_CONCURRENCY: '1' },
      { latencyMs: 20 },
    );
    const albums = `{ artist(id: "${bts}") { name albums(first: 30) { totalCount } } }`;
    await (await fetch('/graphql', ask(albums))).text();

    const spans = exporter.getFinishedSpans();
    expectOneFamily(spans);
    const waits = named(spans, 'gate wait');
    expect(waits.length).toBeGreaterThan(0);
    for (const { kind, attributes } of waits) {
      expect(kind).toBe(SpanKind.INTERNAL);
      expect(attributes).toEqual({ 'spotify.family': expect.stringMatching(/^artists(\/albums)?$/) });
    }
  });

  test('tell what was answered from memory', async () => {
    const exporter = keepSpans();
    const { fetch } = await withSandbox({ SPOTIFY_QUOTA_MODE: 'development' });
    await (await fetch('/graphql', ask(artistName))).text();
    exporter.reset();
    await (await fetch('/graphql', ask(`${artistName} `))).text(); // not equal, so no cached response

    const spans = exporter.getFinishedSpans();
    expect(summary(spans)).toEqual([
      {
        name: 'cache',
        kind: SpanKind.INTERNAL,
        attributes: {
          'http.request.method': 'GET',
          'url.path': `/artists/${bts}`,
          'http.response.status_code': 200,
        },
        status: SpanStatusCode.UNSET,
      },
      operationSpan('graphql operation'),
    ]);
    expectOneFamily(spans);
  });

  test('are errors where a call or a field has failed', async () => {
    const exporter = keepSpans();
    const { fetch, sandbox } = await withSandbox({ SPOTIFY_QUOTA_MODE: 'development' });
    sandbox.faults.add({
      fault: { kind: 'answer', status: 403, json: { error: { status: 403, message: 'no' } } },
    });
    await (await fetch('/graphql', ask(artistName))).text();

    const spans = exporter.getFinishedSpans();
    expect(spans.map(({ name, status }) => [name, status])).toEqual([
      ['spotify token', { code: SpanStatusCode.UNSET }],
      ['spotify artists', { code: SpanStatusCode.ERROR }],
      ['graphql operation', { code: SpanStatusCode.ERROR }],
    ]);
    expectOneFamily(spans);
  });

  test('are no news for Spotify: no call has a header of a trace', async () => {
    keepSpans();
    const { fetch, sandbox } = await withSandbox();
    const headers = { traceparent, tracestate: 'a=b', baggage: 'a=b' };
    await (await fetch('/graphql', ask(artistName, headers))).text();
    const sent = sandbox.calls().flatMap((call) => Object.keys(call.headers));
    expect(sandbox.calls().length).toBeGreaterThan(1);
    expect(sent.filter((header) => /trace|baggage|b3/.test(header))).toEqual([]);
  });
});

import type { RequestListener } from 'node:http';
import {
  type Context,
  type ContextManager,
  context,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { InMemorySpanExporter, type ReadableSpan, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { parse } from 'graphql';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startGateway, withSandbox } from '../support/gateway.ts';
import { postJson } from '../support/post-json.ts';
import { artistQuery, artists } from '../support/schema-tests.ts';
import { startTracing } from '../support/spans.ts';
import { portOf } from '../support/test-server.ts';

/** The spans that OpenTelemetry's SDK gets, and the trace headers that Spotify does not get. */

const traceId = '0af7651916cd43dd8448eb211c80319c';
const parentId = 'b7ad6b7169203331';
const traceparent = `00-${traceId}-${parentId}-01`;
const { bts } = artists;

function recordSpans(): InMemorySpanExporter {
  const exporter = new InMemorySpanExporter();
  onTestFinished(startTracing(new SimpleSpanProcessor(exporter)));
  return exporter;
}

const request = (query: string, headers: Record<string, string> = {}, variables = {}): RequestInit =>
  postJson({ query, variables }, headers);

/** A gateway whose spans are recorded. */
async function startTraced(...options: Parameters<typeof withSandbox>) {
  const exporter = recordSpans();
  const gateway = await withSandbox(...options);
  /** Sends an operation. @returns the spans that have ended since the previous one */
  async function spansOf(...sent: Parameters<typeof request>): Promise<readonly ReadableSpan[]> {
    exporter.reset();
    await (await gateway.fetch('/graphql', request(...sent))).text();
    return exporter.getFinishedSpans();
  }
  return { ...gateway, spansOf, exporter };
}

const development = { SPOTIFY_QUOTA_MODE: 'development' };

/** A context manager with one context. */
function alwaysActive(active: Context): ContextManager {
  const manager: ContextManager = {
    active: () => active,
    with: (_, run, thisArg, ...args) => run.call(thisArg as never, ...args),
    bind: (_, target) => target,
    enable: () => manager,
    disable: () => manager,
  };
  return manager;
}

const listen = async (listener: RequestListener): Promise<string> =>
  `http://127.0.0.1:${await portOf(listener)}/graphql`;

const summary = (spans: readonly ReadableSpan[]) =>
  spans.map(({ name, kind, attributes, status }) => ({ name, kind, attributes, status: status.code }));

const spansNamed = (spans: readonly ReadableSpan[], name: string): ReadableSpan[] =>
  spans.filter((span) => span.name === name);

/** Expects that one span, of the operation, is the parent of all others. @returns this span */
function expectOneParent(spans: readonly ReadableSpan[]): ReadableSpan {
  const [operation, ...others] = spans.filter(({ kind }) => kind === SpanKind.SERVER);
  if (!operation) throw new Error('there is no span of the operation');
  expect(others).toEqual([]);
  const { traceId, spanId } = operation.spanContext();
  for (const span of spans.filter((other) => other !== operation)) {
    expect(span.spanContext().traceId).toBe(traceId);
    expect(span.parentSpanContext?.spanId, span.name).toBe(spanId);
  }
  return operation;
}

const operationSpan = (name: string | null) => ({
  name: 'query',
  kind: SpanKind.SERVER,
  attributes: {
    'graphql.operation.type': 'query',
    ...(name !== null && { 'graphql.operation.name': name }),
    'graphql.planned_calls': 1,
    'http.response.header.x-request-id': [expect.any(String)],
  },
  status: SpanStatusCode.UNSET,
});

describe('spans', () => {
  test('spans describe an operation and its calls', async () => {
    const { spansOf, sandbox } = await startTraced(development);
    const spans = await spansOf(`query Name ${artistQuery}`);
    const { hostname, port, origin, pathname } = new URL(sandbox.apiUrl);
    const server = { 'server.address': hostname, 'server.port': Number(port) };
    expect(summary(spans)).toEqual([
      {
        name: 'POST /api/token',
        kind: SpanKind.CLIENT,
        attributes: {
          ...server,
          'http.request.method': 'POST',
          'url.full': `${origin}/api/token`,
          'url.template': '/api/token',
          'spotify.family': 'token',
          'http.response.status_code': 200,
        },
        status: SpanStatusCode.UNSET,
      },
      {
        name: `GET ${pathname}/artists/{id}`,
        kind: SpanKind.CLIENT,
        attributes: {
          ...server,
          'http.request.method': 'GET',
          'url.full': `${origin}${pathname}/artists/${bts}`,
          'url.template': `${pathname}/artists/{id}`,
          'spotify.family': 'artists',
          'http.response.status_code': 200,
        },
        status: SpanStatusCode.UNSET,
      },
      operationSpan('Name'),
    ]);
    expect(expectOneParent(spans).parentSpanContext).toBeUndefined();
    expect(new Set(spans.map(({ instrumentationScope }) => instrumentationScope.name))).toEqual(
      new Set(['spotify-graphql-gateway']),
    );
  });

  test('spans continue the trace that the client began', async () => {
    const { spansOf } = await startTraced();
    const operation = expectOneParent(await spansOf(artistQuery, { traceparent }));
    expect(operation.spanContext().traceId).toBe(traceId);
    expect(operation.parentSpanContext).toMatchObject({ traceId, spanId: parentId, isRemote: true });
  });

  test('spans of an operation are the same on the fast path of the listener, in the trace of the client too', async () => {
    const { sandbox, exporter, spansOf } = await startTraced();
    const headers = { traceparent, connection: 'close', 'x-request-id': 'one-id' };
    const spansOfYoga = summary(await spansOf(artistQuery, headers));
    exporter.reset();
    const { gateway } = startGateway(sandbox);
    const url = await listen(gateway.listener);
    await (await fetch(url, request(artistQuery, headers))).text();

    const spans = exporter.getFinishedSpans();
    const operation = expectOneParent(spans);
    expect(operation.parentSpanContext).toMatchObject({ traceId, spanId: parentId, isRemote: true });
    expect(spansNamed(spans, 'GET /v1/artists/{id}')).toHaveLength(1);
    expect(summary(spans)).toEqual(spansOfYoga);
  });

  test('a request that gets a cached response has one span, in its own trace', async () => {
    const { gateway } = await withSandbox(development);
    const url = await listen(gateway.listener);
    for (let i = 0; i < 2; i += 1)
      await (await fetch(url, request(artistQuery, { connection: 'close' }))).text();
    const exporter = recordSpans();
    await (await fetch(url, request(artistQuery, { traceparent, connection: 'close' }))).text();

    const spans = exporter.getFinishedSpans();
    expect(summary(spans)).toEqual([operationSpan(null)]);
    expect(expectOneParent(spans).spanContext().traceId).toBe(traceId);
  });

  test.each([
    ['{ nothing }', 'GraphQL Operation', 'GRAPHQL_VALIDATION_FAILED'],
    ['{ artist', 'GraphQL Operation', 'GRAPHQL_PARSE_FAILED'],
    ['query ($id: ID!) { artist(id: $id) { name } }', 'query', 'BAD_USER_INPUT'],
  ])('a rejected operation has one span, with an error: %s', async (document, name, errorType) => {
    const { spansOf } = await startTraced();
    const spans = await spansOf(document);
    expect(summary(spans)).toMatchObject([
      {
        name,
        attributes: { 'graphql.planned_calls': 0, 'error.type': errorType },
        status: SpanStatusCode.ERROR,
      },
    ]);
    expect(JSON.stringify(spans[0]?.attributes)).not.toContain('artist');
  });

  test('an operation has no spans if the client has excluded its trace from sampling', async () => {
    const { spansOf } = await startTraced();
    expect(await spansOf(artistQuery, { traceparent: `00-${traceId}-${parentId}-00` })).toEqual([]);
  });

  test('spans describe the wait in the queue', async () => {
    const { spansOf } = await startTraced(
      { SPOTIFY_QUOTA_MODE: 'development', UPSTREAM_CONCURRENCY: '1' },
      { latencyMs: 20 },
    );
    const albums = `{ artist(id: "${bts}") { name albums(first: 30) { totalCount } } }`;
    const spans = await spansOf(albums);
    expectOneParent(spans);
    const waits = spansNamed(spans, 'queue wait');
    expect(waits.length).toBeGreaterThan(0);
    for (const { kind, attributes } of waits) {
      expect(kind).toBe(SpanKind.INTERNAL);
      expect(attributes).toEqual({ 'spotify.family': expect.stringMatching(/^artists(\/albums)?$/) });
    }
  });

  test('spans describe cache hits', async () => {
    const { spansOf } = await startTraced(development);
    await spansOf(artistQuery);
    const spans = await spansOf(`${artistQuery} `); // not equal, so no cached response
    expect(summary(spans)).toEqual([
      {
        name: 'cache hit',
        kind: SpanKind.INTERNAL,
        attributes: { 'url.path': `/artists/${bts}` },
        status: SpanStatusCode.UNSET,
      },
      operationSpan(null),
    ]);
    expectOneParent(spans);
  });

  test('the spans of a failed call and of its operation are errors', async () => {
    const { spansOf, sandbox } = await startTraced(development);
    sandbox.faults.add({
      fault: { kind: 'answer', status: 403, json: { error: { status: 403, message: 'no' } } },
    });
    const spans = await spansOf(artistQuery);
    expect(
      spans.map(({ name, attributes, status }) => [name, attributes['error.type'], status.code]),
    ).toEqual([
      ['POST /api/token', undefined, SpanStatusCode.UNSET],
      ['GET /v1/artists/{id}', '403', SpanStatusCode.ERROR],
      ['query', 'UPSTREAM_FORBIDDEN', SpanStatusCode.ERROR],
    ]);
    expectOneParent(spans);
  });

  test('the span of a call without a response names the fault', async () => {
    const { spansOf, sandbox } = await startTraced(development);
    sandbox.faults.add({ on: { route: 'artists' }, fault: { kind: 'reset' } });
    const calls = spansNamed(await spansOf(artistQuery), 'GET /v1/artists/{id}');
    expect(calls.length).toBeGreaterThan(0);
    for (const { attributes } of calls) expect(attributes['error.type']).toBe('transport');
  });

  test('the spans of calls have the template of the path, and no text of a search', async () => {
    const { spansOf } = await startTraced({ SPOTIFY_QUOTA_MODE: 'extended' });
    const query = `query Find($q: String!) {
      search(q: $q, type: [ALBUM]) { albums(first: 1) { nodes { id } } }
      artist(id: "${bts}") { albums(first: 1) { nodes { id } } }
    }`;
    const spans = await spansOf(query, {}, { q: 'secretwords' });
    const templates = new Set(spans.map(({ attributes }) => attributes['url.template']).filter(Boolean));
    expect(templates).toEqual(
      new Set(['/api/token', '/v1/artists/{id}', '/v1/artists/{id}/albums', '/v1/search']),
    );
    expect(JSON.stringify(summary(spans))).not.toContain('secretwords');
  });

  test('the span of an operation lies below the active span, such as the span of an instrumentation of node:http', async () => {
    const { spansOf, gateway, exporter } = await startTraced();
    const active = trace.setSpan(ROOT_CONTEXT, trace.getTracer('test').startSpan('GET /graphql'));
    context.setGlobalContextManager(alwaysActive(active));
    onTestFinished(() => void context.disable());
    await spansOf(artistQuery, { traceparent });
    await gateway.execute({ document: parse(artistQuery) });
    const operations = spansNamed(exporter.getFinishedSpans(), 'query');
    expect(operations.map(({ kind }) => kind)).toEqual([SpanKind.SERVER, SpanKind.INTERNAL]);
    for (const { parentSpanContext } of operations)
      expect(parentSpanContext?.spanId).toBe(trace.getSpanContext(active)?.spanId);
  });

  test('the calls of a traced operation have no trace header', async () => {
    const { spansOf, sandbox } = await startTraced();
    const headers = { traceparent, tracestate: 'a=b', baggage: 'a=b' };
    await spansOf(artistQuery, headers);
    const sent = sandbox.calls().flatMap((call) => Object.keys(call.headers));
    expect(sandbox.calls().length).toBeGreaterThan(1);
    expect(sent.filter((header) => /trace|baggage|b3/.test(header))).toEqual([]);
  });
});

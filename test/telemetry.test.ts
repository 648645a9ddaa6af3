import { context, propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { describe, expect, onTestFinished, test } from 'vitest';
import { withSandbox } from './support/gateway.ts';
import { createSpanKeeper, type SeenSpan } from './support/spans.ts';

/** What an SDK gets to see, and what Spotify does not. */

const traceId = '0af7651916cd43dd8448eb211c80319c';
const parentId = 'b7ad6b7169203331';
const bts = '3Nrfpe0tUJi4K4DXYWgMUX';

/** Stands in for an SDK with W3C's propagation. */
function startTracing(): SeenSpan[] {
  const { spans, tracer } = createSpanKeeper();
  trace.setGlobalTracerProvider({ getTracer: () => tracer });
  propagation.setGlobalPropagator({
    fields: () => ['traceparent'],
    inject: () => {
      throw new Error('nobody is told of a trace');
    },
    extract(above, carrier, getter) {
      const [, id = '', span = ''] =
        /^00-(\w{32})-(\w{16})-01$/.exec(`${getter.get(carrier, 'traceparent')}`) ?? [];
      return id === ''
        ? above
        : trace.setSpanContext(above, { traceId: id, spanId: span, traceFlags: 1, isRemote: true });
    },
  });
  onTestFinished(() => {
    trace.disable();
    propagation.disable();
    context.disable();
  });
  return spans;
}

const ask = (query: string, headers: Record<string, string> = {}): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json', ...headers },
  body: JSON.stringify({ query }),
});

const summary = (spans: readonly SeenSpan[]) =>
  spans.map(({ name, kind, attributes, status, ended }) => ({ name, kind, attributes, status, ended }));

describe('spans', () => {
  test('tell of an operation and its calls, below the trace that the client began', async () => {
    const spans = startTracing();
    const { fetch } = await withSandbox({ SPOTIFY_QUOTA_MODE: 'development' });
    const traceparent = `00-${traceId}-${parentId}-01`;
    await (
      await fetch('/graphql', ask(`query Name { artist(id: "${bts}") { name } }`, { traceparent }))
    ).text();

    expect(summary(spans)).toEqual([
      {
        name: 'graphql Name',
        kind: SpanKind.SERVER,
        attributes: { 'graphql.planned_calls': 1 },
        status: SpanStatusCode.UNSET,
        ended: true,
      },
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
        ended: true,
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
        ended: true,
      },
    ]);
    const [operation, ...calls] = spans;
    expect(operation).toMatchObject({ traceId, parentId });
    for (const call of calls) expect(call).toMatchObject({ traceId, parentId: operation?.spanId });
  });

  test('tell what was answered from memory, and of the wait at the gate', async () => {
    const spans = startTracing();
    const { fetch } = await withSandbox(
      { SPOTIFY_QUOTA_MODE: 'development', UPSTREAM_CONCURRENCY: '1' },
      { latencyMs: 20 },
    );
    const albums = `{ artist(id: "${bts}") { name albums(first: 30) { totalCount } } }`;
    await (await fetch('/graphql', ask(albums))).text();
    const waits = spans.filter(({ name }) => name === 'gate wait');
    expect(waits.length).toBeGreaterThan(0);
    expect(waits.every(({ ended, parentId: above }) => ended && above === spans[0]?.spanId)).toBe(true);

    spans.length = 0;
    await (await fetch('/graphql', ask(`{ artist(id: "${bts}") { name } }`))).text();
    expect(summary(spans)).toEqual([
      {
        name: 'graphql operation',
        kind: SpanKind.SERVER,
        attributes: { 'graphql.planned_calls': 1 },
        status: SpanStatusCode.UNSET,
        ended: true,
      },
      {
        name: 'cache',
        kind: SpanKind.INTERNAL,
        attributes: {
          'http.request.method': 'GET',
          'url.path': `/artists/${bts}`,
          'http.response.status_code': 200,
        },
        status: SpanStatusCode.UNSET,
        ended: true,
      },
    ]);
  });

  test('are errors where a call or a field has failed', async () => {
    const spans = startTracing();
    const { fetch, sandbox } = await withSandbox({ SPOTIFY_QUOTA_MODE: 'development' });
    sandbox.faults.add({
      fault: { kind: 'answer', status: 403, json: { error: { status: 403, message: 'no' } } },
    });
    await (await fetch('/graphql', ask(`{ artist(id: "${bts}") { name } }`))).text();
    expect(spans.map(({ name, status }) => [name, status])).toEqual([
      ['graphql operation', SpanStatusCode.ERROR],
      ['spotify token', SpanStatusCode.UNSET],
      ['spotify artists', SpanStatusCode.ERROR],
    ]);
  });

  test('are no news for Spotify: no call has a header of a trace', async () => {
    startTracing();
    const { fetch, sandbox } = await withSandbox();
    const headers = { traceparent: `00-${traceId}-${parentId}-01`, tracestate: 'a=b', baggage: 'a=b' };
    await (await fetch('/graphql', ask(`{ artist(id: "${bts}") { name } }`, headers))).text();
    const sent = sandbox.calls().flatMap((call) => Object.keys(call.headers));
    expect(sandbox.calls().length).toBeGreaterThan(1);
    expect(sent.filter((name) => /trace|baggage|b3/.test(name))).toEqual([]);
  });
});

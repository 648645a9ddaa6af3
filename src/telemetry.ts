import {
  type Attributes,
  context,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  type TextMapGetter,
  type Context as TraceContext,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import type { ExecutionResult } from 'graphql';
import type { Context } from './context.ts';
import type { Observer } from './datasources/spotify/index.ts';
import type { Caller } from './operation/run.ts';

/**
 * Spans for operations, calls and waits, by whatever OpenTelemetry SDK the process was started with; without
 * one they cost next to nothing. A client's trace is continued; Spotify is told of none.
 */

const tracer = (): Tracer => trace.getTracer('spotify-graphql-gateway');

/** Begins the span of an operation; the returned function ends it. */
export function observeOperation(operation: Context, caller: Caller): (result: ExecutionResult) => void {
  const parent = propagation.extract(ROOT_CONTEXT, caller, headersOfCaller);
  const span = tracer().startSpan(
    `graphql ${operation.operation ?? 'operation'}`,
    { kind: SpanKind.SERVER, attributes: { 'graphql.planned_calls': operation.plan?.calls ?? 0 } },
    parent,
  );
  operation.scope.observed = trace.setSpan(parent, span);
  return ({ errors = [] }) => {
    if (errors.length > 0) span.setStatus({ code: SpanStatusCode.ERROR });
    if (span.isRecording()) showHits(operation);
    span.end();
  };
}

const headersOfCaller: TextMapGetter<Caller> = {
  get: (caller, name) => caller.header(name) ?? undefined,
  keys: () => [],
};

/** What was there already took no time: each is a span without length, in place of the call that it spared. */
function showHits({ scope }: Context): void {
  for (const { method, path, status, origin } of scope.usage.calls) {
    if (origin !== 'cache') continue;
    const attributes = { 'http.request.method': method, 'url.path': path.split('?')[0] ?? path };
    const span = startBelow(scope.observed, 'cache', SpanKind.INTERNAL, attributes);
    if (status !== null) span.setAttribute('http.response.status_code', status);
    span.end();
  }
}

export const telemetryObserver: Observer = {
  sent({ family, method, path, scope }) {
    const attributes = { 'http.request.method': method, 'url.path': path, 'spotify.family': family };
    const span = startBelow(scope?.observed, `spotify ${family}`, SpanKind.CLIENT, attributes);
    return (status) => {
      if (status !== null) span.setAttribute('http.response.status_code', status);
      if (status === null || status >= 400) span.setStatus({ code: SpanStatusCode.ERROR });
      span.end();
    };
  },
  waiting({ family, scope }) {
    const span = startBelow(scope?.observed, 'gate wait', SpanKind.INTERNAL, { 'spotify.family': family });
    return () => span.end();
  },
  answered: () => undefined,
};

function startBelow(parent: unknown, name: string, kind: SpanKind, attributes: Attributes): Span {
  return tracer().startSpan(
    name,
    { kind, attributes },
    (parent as TraceContext | undefined) ?? context.active(),
  );
}

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
import type { Observer, UpstreamCallRecord } from '../datasources/spotify/index.ts';
import { type OperationLogEntry, shortName } from './log.ts';

/**
 * Spans for operations, calls and waits in the queue, named by OpenTelemetry's semantic conventions for GraphQL and HTTP, for
 * the SDK of the process; without one they cost almost nothing. The client's trace is continued; Spotify gets no trace
 * headers. No span has a document, a variable or a query string, because they may contain the data of users.
 */

const tracer = (): Tracer => trace.getTracer('spotify-graphql-gateway');

interface RequestOrigin {
  /** The value of a request header; null if the request has no such header. */
  header(name: string): string | null;
  /** The id of the HTTP request; null for an operation of the same process. */
  requestId: string | null;
}

type SpanLogEntry = Pick<OperationLogEntry, 'operation' | 'plannedCalls'>;

interface SpanOutcome {
  /** The type of the operation; null if it is not known. */
  type: 'query' | null;
  /** The code of each error. */
  codes: readonly string[];
  /** Its calls; those of the cache become spans too. */
  calls: readonly UpstreamCallRecord[];
}

/**
 * Starts the span of an operation: below the active span, such as that of an instrumentation of `node:http`; otherwise
 * below the span that the client sends in `traceparent`.
 */
export function startOperation(request: RequestOrigin) {
  const active = context.active();
  const parent = trace.getSpan(active) ? active : propagation.extract(ROOT_CONTEXT, request, headerGetter);
  const kind = request.requestId === null ? SpanKind.INTERNAL : SpanKind.SERVER;
  const span = tracer().startSpan('GraphQL Operation', { kind }, parent);
  const below = trace.setSpan(parent, span);
  return {
    /** The parent context of spans below it. */
    context: below,
    /** Ends the span with the outcome of the operation, which may have been rejected, or served from the response cache. */
    end(logEntry: SpanLogEntry, outcome: SpanOutcome): void {
      if (span.isRecording()) {
        describeOperation(span, logEntry, outcome);
        if (request.requestId !== null)
          span.setAttribute('http.response.header.x-request-id', [request.requestId]);
        recordCacheHits(outcome.calls, below);
      }
      span.end();
    },
  };
}

function describeOperation(
  span: Span,
  { operation, plannedCalls }: SpanLogEntry,
  { type, codes: [firstCode] }: SpanOutcome,
): void {
  span.setAttribute('graphql.planned_calls', plannedCalls);
  // Clients choose the name, so it is an attribute only: there may be any number of names.
  if (operation !== null) span.setAttribute('graphql.operation.name', shortName(operation));
  if (type !== null) span.updateName(type).setAttribute('graphql.operation.type', type);
  if (firstCode !== undefined) fail(span, firstCode);
}

function fail(span: Span, errorType: string): void {
  span.setAttribute('error.type', errorType).setStatus({ code: SpanStatusCode.ERROR });
}

const headerGetter: TextMapGetter<RequestOrigin> = {
  get: (request, name) => request.header(name) ?? undefined,
  keys: () => [], // propagators that list headers look for vendor baggage, which is not supported
};

/** Records each cache hit as a span without duration, in place of the call that it saved. */
function recordCacheHits(calls: readonly UpstreamCallRecord[], below: TraceContext): void {
  for (const { path, origin } of calls) {
    if (origin !== 'cache') continue;
    startBelow(below, 'cache hit', SpanKind.INTERNAL, { 'url.path': path.split('?')[0] ?? path }).end();
  }
}

export const telemetryObserver: Observer = {
  onCall({ family, method, url, path, operation }) {
    const { origin, protocol, hostname, port, pathname } = new URL(url);
    const template = pathname.slice(0, -path.length) + templateOf(path, family);
    const span = startBelow(operation?.traceContext, `${method} ${template}`, SpanKind.CLIENT, {
      'http.request.method': method,
      'server.address': hostname,
      'server.port': Number(port) || defaultPorts[protocol] || 0,
      'url.full': origin + pathname,
      'url.template': template,
      'spotify.family': family,
    });
    return ({ status, fault }) => {
      if (status !== null) span.setAttribute('http.response.status_code', status);
      const errorType = fault ?? (status !== null && status >= 400 ? `${status}` : null);
      if (errorType !== null) fail(span, errorType);
      span.end();
    };
  },
  onQueued({ family, operation }) {
    const attributes = { 'spotify.family': family };
    const span = startBelow(operation?.traceContext, 'queue wait', SpanKind.INTERNAL, attributes);
    return () => span.end();
  },
  onRead: () => undefined,
  onQuotaRejected: () => undefined,
};

const defaultPorts: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443 };

/** The path with `{id}` for each part that its endpoint family does not name: `/artists/{id}/albums`. */
function templateOf(path: string, family: string): string {
  if (family === 'token') return path;
  const names = family.split('/');
  const parts = path.split('/').map((part) => {
    if (part !== '' && part !== names[0]) return '{id}';
    if (part !== '') names.shift();
    return part;
  });
  return parts.join('/');
}

function startBelow(parent: unknown, name: string, kind: SpanKind, attributes: Attributes): Span {
  return tracer().startSpan(
    name,
    { kind, attributes },
    (parent as TraceContext | undefined) ?? context.active(),
  );
}

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
import { type OperationUsage, shortName } from './log.ts';

/**
 * Spans for operations, calls and waits in the queue, for the OpenTelemetry SDK of the process; without one they cost
 * almost nothing. The client's trace is continued; Spotify gets no trace headers.
 */

const tracer = (): Tracer => trace.getTracer('spotify-graphql-gateway');

/** Reads the headers of a request. */
interface RequestHeaders {
  header(name: string): string | null;
}

/** One operation, as a span. */
export interface OperationSpan {
  /** The parent context of spans below it. */
  context: TraceContext;
  /** Ends the span with the outcome of the operation, which may have been rejected, or served from the response cache. */
  end(usage: Pick<OperationUsage, 'operation' | 'plannedCalls'>, outcome: SpanOutcome): void;
}

export interface SpanOutcome {
  failed: boolean;
  /** Its calls; those of the cache become spans too. */
  calls: readonly UpstreamCallRecord[];
}

export function startOperation(request: RequestHeaders): OperationSpan {
  const parent = propagation.extract(ROOT_CONTEXT, request, headerGetter);
  const span = tracer().startSpan('graphql operation', { kind: SpanKind.SERVER }, parent);
  const below = trace.setSpan(parent, span);
  return {
    context: below,
    end({ operation, plannedCalls }, { failed, calls }) {
      if (span.isRecording()) {
        if (operation !== null) span.updateName(`graphql ${shortName(operation)}`);
        span.setAttribute('graphql.planned_calls', plannedCalls);
        if (failed) span.setStatus({ code: SpanStatusCode.ERROR });
        recordCacheHits(calls, below);
      }
      span.end();
    },
  };
}

const headerGetter: TextMapGetter<RequestHeaders> = {
  get: (request, name) => request.header(name) ?? undefined,
  keys: () => [], // propagators that list headers look for vendor baggage, which is not supported
};

/** Records each cache hit as a span without duration, in place of the call that it saved. */
function recordCacheHits(calls: readonly UpstreamCallRecord[], below: TraceContext): void {
  for (const { method, path, status, origin } of calls) {
    if (origin !== 'cache') continue;
    const attributes = { 'http.request.method': method, 'url.path': path.split('?')[0] ?? path };
    const span = startBelow(below, 'cache', SpanKind.INTERNAL, attributes);
    if (status !== null) span.setAttribute('http.response.status_code', status);
    span.end();
  }
}

export const telemetryObserver: Observer = {
  onCall({ family, method, path, operation }) {
    const attributes = { 'http.request.method': method, 'url.path': path, 'spotify.family': family };
    const span = startBelow(operation?.traceContext, `spotify ${family}`, SpanKind.CLIENT, attributes);
    return (status) => {
      if (status !== null) span.setAttribute('http.response.status_code', status);
      if (status === null || status >= 400) span.setStatus({ code: SpanStatusCode.ERROR });
      span.end();
    };
  },
  onQueued({ family, operation }) {
    const span = startBelow(operation?.traceContext, 'gate wait', SpanKind.INTERNAL, {
      'spotify.family': family,
    });
    return () => span.end();
  },
  onRead: () => undefined,
  onQuotaRejected: () => undefined,
};

function startBelow(parent: unknown, name: string, kind: SpanKind, attributes: Attributes): Span {
  return tracer().startSpan(
    name,
    { kind, attributes },
    (parent as TraceContext | undefined) ?? context.active(),
  );
}

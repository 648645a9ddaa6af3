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
import { shortName } from './log.ts';
import type { OperationUsage } from './operation-usage.ts';

/**
 * Spans for operations, calls and waits, by whatever OpenTelemetry SDK the process was started with; without
 * one they cost next to nothing. A client's trace is continued; Spotify is told of none.
 */

const tracer = (): Tracer => trace.getTracer('spotify-graphql-gateway');

/** Reads the headers of a request. */
interface RequestHeaders {
  header(name: string): string | null;
}

/** One operation, as a span. */
export interface OperationSpan {
  /** For what belongs below it. */
  context: TraceContext;
  /** Ends it with what has become of the operation: also of one that was refused, or answered before. */
  end(usage: Pick<OperationUsage, 'operation' | 'plannedCalls'>, outcome: OperationOutcome): void;
}

export interface OperationOutcome {
  failed: boolean;
  /** What it used; calls that were spared are shown. */
  calls: readonly UpstreamCallRecord[];
}

export function startOperation(caller: RequestHeaders): OperationSpan {
  const parent = propagation.extract(ROOT_CONTEXT, caller, headersOfCaller);
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

const headersOfCaller: TextMapGetter<RequestHeaders> = {
  get: (caller, name) => caller.header(name) ?? undefined,
  keys: () => [], // those that list them look for baggage of their own, which is nobody's here
};

/** What was there already took no time: each is a span without length, in place of the call that it spared. */
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
};

function startBelow(parent: unknown, name: string, kind: SpanKind, attributes: Attributes): Span {
  return tracer().startSpan(
    name,
    { kind, attributes },
    (parent as TraceContext | undefined) ?? context.active(),
  );
}

import {
  type Attributes,
  type Context,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  type SpanKind,
  type SpanStatus,
  SpanStatusCode,
  TraceFlags,
  type Tracer,
  trace,
} from '@opentelemetry/api';

/** A tracer that keeps every span in memory, as an SDK would send them away. */

export interface SeenSpan {
  name: string;
  kind: SpanKind | undefined;
  traceId: string;
  spanId: string;
  parentId: string | undefined;
  attributes: Attributes;
  status: SpanStatusCode;
  ended: boolean;
}

let ids = 0;
const nextId = (length: number): string => (++ids).toString(16).padStart(length, '0');

export function createSpanKeeper(): { spans: SeenSpan[]; tracer: Tracer } {
  const spans: SeenSpan[] = [];

  function start(
    name: string,
    { kind, attributes = {} }: { kind?: SpanKind; attributes?: Attributes } = {},
    parent: Context = ROOT_CONTEXT,
  ): Span {
    const above = trace.getSpanContext(parent);
    const context: SpanContext = {
      traceId: above?.traceId ?? nextId(32),
      spanId: nextId(16),
      traceFlags: TraceFlags.SAMPLED,
    };
    const seen: SeenSpan = {
      name,
      kind,
      ...context,
      parentId: above?.spanId,
      attributes: { ...attributes },
      status: SpanStatusCode.UNSET,
      ended: false,
    };
    spans.push(seen);
    const span: Span = {
      spanContext: () => context,
      setAttribute(key, value) {
        seen.attributes[key] = value;
        return span;
      },
      setAttributes(more) {
        Object.assign(seen.attributes, more);
        return span;
      },
      addEvent: () => span,
      addLink: () => span,
      addLinks: () => span,
      setStatus({ code }: SpanStatus) {
        seen.status = code;
        return span;
      },
      updateName(next) {
        seen.name = next;
        return span;
      },
      end() {
        seen.ended = true;
      },
      isRecording: () => true,
      recordException: () => undefined,
    };
    return span;
  }

  const tracer: Tracer = {
    startSpan: start,
    startActiveSpan: (name: string, ...rest: unknown[]) =>
      (rest.at(-1) as (span: Span) => never)(start(name)),
  };
  return { spans, tracer };
}

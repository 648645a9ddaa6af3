import { propagation, trace } from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { BasicTracerProvider, type SpanProcessor } from '@opentelemetry/sdk-trace-base';

/**
 * Sets up OpenTelemetry's SDK, as operators do before the gateway starts.
 * @returns a function that shuts the SDK down
 */
export function startTracing(processor: SpanProcessor): () => Promise<void> {
  const provider = new BasicTracerProvider({ spanProcessors: [processor] });
  if (!trace.setGlobalTracerProvider(provider))
    throw new Error('another tracer provider is registered already');
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  return async () => {
    trace.disable();
    propagation.disable();
    await provider.shutdown();
  };
}

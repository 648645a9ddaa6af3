import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { startTracing } from './spans.ts';

/** Records all output of the gateways of a case, by channel: logs, responses, metrics, spans and entries in Redis. */

export type Channel = 'log' | 'stdout' | 'stderr' | 'responses' | 'metrics' | 'spans' | 'Redis';

interface Channels {
  hear(channel: Channel, text: string): void;
  /** The output so far. The pieces are joined, so that a secret in two pieces is found. */
  heard(): Map<Channel, string>;
  /** Stops to record the output of the process. */
  close(): void;
}

/** Records the output of this process. The receivers of other output pass it to `hear`. */
export function openChannels(): Channels {
  const said = new Map<Channel, string[]>();
  const hear = (channel: Channel, text: string) => {
    const texts = said.get(channel);
    if (texts) texts.push(text);
    else said.set(channel, [text]);
  };
  const ends = [
    onStdout((text) => hear('stdout', text)),
    onStderr((text) => hear('stderr', text)),
    onSpan((text) => hear('spans', text)),
  ];
  return {
    hear,
    heard: () => new Map(Array.from(said, ([channel, texts]) => [channel, texts.join('')])),
    close() {
      for (const end of ends) end();
    },
  };
}

type Hear = (text: string) => void;

/** Taps an output of the process once for all concurrent cases, until the last of them ends. */
function shared(tap: (tell: Hear) => () => unknown): (hear: Hear) => () => void {
  const listeners = new Set<Hear>();
  let untap: (() => unknown) | undefined;
  return (hear) => {
    untap ??= tap((text) => {
      for (const listener of listeners) listener(text);
    });
    listeners.add(hear);
    return () => {
      listeners.delete(hear);
      if (listeners.size > 0) return;
      untap?.();
      untap = undefined;
    };
  };
}

const onStdout = shared((tell) => tapAll(outputs().stdout, tell));
const onStderr = shared((tell) => tapAll(outputs().stderr, tell));

/** A test runner replaces the streams of `console`. */
export function outputs() {
  const { _stdout, _stderr } = console as unknown as Record<'_stdout' | '_stderr', NodeJS.WritableStream>;
  return {
    stdout: new Set<NodeJS.WritableStream>([process.stdout, _stdout]),
    stderr: new Set<NodeJS.WritableStream>([process.stderr, _stderr]),
  };
}

function tapAll(streams: Iterable<NodeJS.WritableStream>, tell: Hear): () => void {
  const ends = Array.from(streams, (stream) => tapStream(stream, tell));
  return () => {
    for (const end of ends) end();
  };
}

/** Passes everything that is written to a stream to `tell` as well. */
export function tapStream(stream: NodeJS.WritableStream, tell: Hear): () => void {
  const { write } = stream;
  stream.write = (chunk: string | Uint8Array, ...rest: unknown[]) => {
    tell(typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString());
    return Reflect.apply(write, stream, [chunk, ...rest]);
  };
  return () => {
    stream.write = write;
  };
}

const onSpan = shared((tell) =>
  startTracing({
    onStart: () => undefined,
    onEnd: (span) => tell(textOf(span)),
    forceFlush: async () => undefined,
    shutdown: async () => undefined,
  }),
);

/** Spans are converted to text at once: thousands of span objects need more memory than some cases allow. */
const textOf = ({ name, attributes, status, events, links, resource, ...span }: ReadableSpan): string =>
  JSON.stringify([name, attributes, status, events, links, resource.attributes, span.instrumentationScope]);

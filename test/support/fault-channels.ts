import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { startTracing } from './spans.ts';

/** The ways by which a gateway says something, and what was said by each while a case ran. */

export type Channel = 'log' | 'stdout' | 'stderr' | 'answers' | 'metrics' | 'spans' | 'Redis';

export interface Channels {
  hear(channel: Channel, text: string): void;
  /** All that was said so far, without a gap: a secret in two pieces is one still. */
  heard(): Map<Channel, string>;
  /** From now on the process is not listened to. */
  close(): void;
}

/** Listens to this process; what goes elsewhere is heard from who receives it. */
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

/** What is the process's is tapped once, for all cases that run side by side, and as long as any of them does. */
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

/** The console of a test runner writes to streams of its own. */
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

/** Tells what is written to a stream, which goes where it went. */
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

/** As text at once: thousands of spans of a case would weigh more than what some cases allow a process to grow. */
const textOf = ({ name, attributes, status, events, links, resource, ...span }: ReadableSpan): string =>
  JSON.stringify([name, attributes, status, events, links, resource.attributes, span.instrumentationScope]);

import cluster, { type Worker } from 'node:cluster';
import { AggregatorRegistry, type MetricObject, type Registry } from 'prom-client';
import type { Log } from '../observability/log.ts';

/**
 * The metrics of all workers, added up. Each worker can serve them: it requests them from the primary process, which requests
 * the metrics of every worker. A worker that does not respond in time is left out. Every message may fail, because a
 * worker may end at any moment.
 */

const responseMs = 1_000;

type ToPrimary =
  | { kind: 'sum wanted'; id: number }
  | { kind: 'metrics'; id: number; metrics: MetricObject[] };
type ToWorker = { kind: 'metrics wanted'; id: number } | { kind: 'sum'; id: number; text: string };
type Message<T> = { workerMetrics: T };

const isMessage = <T>(message: unknown): message is Message<T> =>
  typeof message === 'object' && message !== null && 'workerMetrics' in message;

/** Sends a message to a worker, which may have ended or be about to. */
export function sendTo(worker: Worker, message: object | string, log: Log): void {
  worker.send(message, (err: Error | null) => {
    if (err) log.warn({ err, worker: worker.id }, 'a worker could not be sent a message');
  });
}

type Receive = (worker: Worker, metrics: MetricObject[]) => void;

/** In the primary process: adds up the metrics of all workers for each worker that requests them. */
export function collectMetrics(log: Log): void {
  const pending = new Map<number, Receive>();
  let requests = 0;
  let running: Promise<string> | undefined; // shared by all requests that come meanwhile

  const sum = () => {
    running ??= sumOfWorkers(requests++, pending, log).finally(() => {
      running = undefined;
    });
    return running;
  };

  cluster.on('message', (worker, message: unknown) => {
    if (!isMessage<ToPrimary>(message)) return;
    const { workerMetrics: sent } = message;
    if (sent.kind === 'metrics') {
      pending.get(sent.id)?.(worker, sent.metrics);
      return;
    }
    sum().then(
      (text) => sendTo(worker, { workerMetrics: { kind: 'sum', id: sent.id, text } satisfies ToWorker }, log),
      (err: unknown) => log.error({ err }, 'the metrics of the workers could not be added up'),
    );
  });
}

/** @param pending gets the function that receives the metrics of the workers for this request */
function sumOfWorkers(id: number, pending: Map<number, Receive>, log: Log): Promise<string> {
  const missing = new Set(
    Object.values(cluster.workers ?? {}).filter((worker): worker is Worker => worker?.isConnected() === true),
  );
  const received: MetricObject[][] = [];
  return new Promise((resolve) => {
    const finish = () => {
      clearTimeout(timer);
      cluster.off('exit', leave);
      pending.delete(id);
      resolve(Promise.resolve(received).then((all) => AggregatorRegistry.aggregate(all).metrics()));
    };
    const leave = (worker: Worker) => {
      missing.delete(worker);
      if (missing.size === 0) finish();
    };
    const timer = setTimeout(finish, responseMs);
    cluster.on('exit', leave);
    pending.set(id, (worker, metrics) => {
      received.push(metrics);
      leave(worker);
    });
    const request = { workerMetrics: { kind: 'metrics wanted', id } satisfies ToWorker };
    for (const worker of missing) sendTo(worker, request, log);
  });
}

/**
 * In a worker: makes the metrics of all workers available.
 * @returns a function that reads them; without a response of the primary process it reads those of this worker only
 */
export function aggregatedMetrics(registry: Registry): () => Promise<string> {
  const waiting = new Map<number, (text: string) => void>();
  let requests = 0;

  process.on('message', async (message: unknown) => {
    if (!isMessage<ToWorker>(message)) return;
    const { workerMetrics: sent } = message;
    if (sent.kind === 'sum') waiting.get(sent.id)?.(sent.text);
    else sendToPrimary({ kind: 'metrics', id: sent.id, metrics: await registry.getMetricsAsJSON() });
  });

  return () =>
    new Promise((resolve) => {
      const id = requests++;
      const finish = (text: string | Promise<string>) => {
        clearTimeout(timer);
        waiting.delete(id);
        resolve(text);
      };
      const timer = setTimeout(() => finish(registry.metrics()), 2 * responseMs);
      waiting.set(id, finish);
      sendToPrimary({ kind: 'sum wanted', id });
    });
}

/** A message that fails needs no handling: if the primary process has ended, `disconnect` drains the worker. */
const sendToPrimary = (sent: ToPrimary) =>
  process.send?.({ workerMetrics: sent } satisfies Message<ToPrimary>, undefined, {}, () => undefined);

import cluster, { type Worker } from 'node:cluster';
import { AggregatorRegistry, type MetricObject, type Registry } from 'prom-client';
import type { Log } from '../observability/log.ts';

/**
 * The metrics of all workers, read from any of them: a worker asks the supervisor, which asks all workers. A worker
 * that does not respond in time is left out, and every message may fail, because a worker may end at any moment.
 */

const responseMs = 1_000;

type ToSupervisor = { kind: 'wanted'; id: number } | { kind: 'own'; id: number; metrics: MetricObject[] };
type ToWorker = { kind: 'send own'; id: number } | { kind: 'all'; id: number; text: string };
type Message<T> = { workerMetrics: T };

const isMessage = <T>(message: unknown): message is Message<T> =>
  typeof message === 'object' && message !== null && 'workerMetrics' in message;

/** Sends a message to a worker, which may have ended or be about to. */
export function sendTo(worker: Worker, message: object | string, log: Log): void {
  worker.send(message, (err: Error | null) => {
    if (err) log.warn({ err, worker: worker.id }, 'a worker could not be sent a message');
  });
}

/** In the supervisor: collects the metrics of all workers for those that ask. */
export function collectMetrics(log: Log): void {
  let collecting: Promise<string> | undefined; // all that ask meanwhile get the same
  let requests = 0;
  const pending = new Map<number, (worker: Worker, metrics: MetricObject[]) => void>();

  function collect(): Promise<string> {
    const id = requests++;
    const asked = new Set(Object.values(cluster.workers ?? {}).filter((each) => each?.isConnected()));
    const received: MetricObject[][] = [];
    return new Promise((resolve) => {
      const finish = () => {
        clearTimeout(timer);
        cluster.off('exit', leave);
        pending.delete(id);
        resolve(Promise.resolve(received).then((all) => AggregatorRegistry.aggregate(all).metrics()));
      };
      const leave = (worker: Worker) => {
        asked.delete(worker);
        if (asked.size === 0) finish();
      };
      const timer = setTimeout(finish, responseMs);
      cluster.on('exit', leave);
      pending.set(id, (worker, metrics) => {
        received.push(metrics);
        leave(worker);
      });
      for (const worker of asked) {
        if (worker) sendTo(worker, { workerMetrics: { kind: 'send own', id } satisfies ToWorker }, log);
      }
    });
  }

  cluster.on('message', (worker, message: unknown) => {
    if (!isMessage<ToSupervisor>(message)) return;
    const { workerMetrics: sent } = message;
    if (sent.kind === 'own') {
      pending.get(sent.id)?.(worker, sent.metrics);
      return;
    }
    collecting ??= collect().finally(() => {
      collecting = undefined;
    });
    collecting.then(
      (text) => sendTo(worker, { workerMetrics: { kind: 'all', id: sent.id, text } satisfies ToWorker }, log),
      (err: unknown) => log.error({ err }, 'the metrics of the workers could not be added up'),
    );
  });
}

/**
 * In a worker: lets the metrics of all workers be read from this one.
 * @returns reads them; where the supervisor does not respond, only those of this worker
 */
export function aggregatedMetrics(own: Registry): () => Promise<string> {
  const waiting = new Map<number, (text: string) => void>();
  let requests = 0;

  process.on('message', async (message: unknown) => {
    if (!isMessage<ToWorker>(message)) return;
    const { workerMetrics: sent } = message;
    if (sent.kind === 'all') waiting.get(sent.id)?.(sent.text);
    else sendToSupervisor({ kind: 'own', id: sent.id, metrics: await own.getMetricsAsJSON() });
  });

  return () =>
    new Promise((resolve) => {
      const id = requests++;
      const finish = (text: string | Promise<string>) => {
        clearTimeout(timer);
        waiting.delete(id);
        resolve(text);
      };
      const timer = setTimeout(() => finish(own.metrics()), 2 * responseMs);
      waiting.set(id, finish);
      sendToSupervisor({ kind: 'wanted', id });
    });
}

/** If the supervisor has gone the worker hears of it, and drains. */
const sendToSupervisor = (sent: ToSupervisor) =>
  process.send?.({ workerMetrics: sent } satisfies Message<ToSupervisor>, undefined, {}, () => undefined);

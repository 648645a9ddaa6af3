import cluster, { type Address, type Worker } from 'node:cluster';
import { AggregatorRegistry, type Registry } from 'prom-client';
import { type Orders, signals } from './lifecycle.ts';
import type { Log } from './log.ts';

/**
 * Several processes behind one port, for machines with several cores. One of them only watches over the others:
 * it hands connections round, replaces a worker that has ended, and ends when all of them have.
 */

const drain = 'drain';
const metricsWanted = 'metrics';
const replaceAfterMs = 1_000; // one that ends as soon as it begins must not take the machine with it

export interface Supervision {
  /** How many workers there are to be. */
  count: number;
  /** What they are told beyond the environment. */
  environment: Record<string, string>;
  /** Called once, when the first of them listens; the others are started after it. */
  listening(address: Address): void;
  /** Closes what they have shared. */
  dispose(): Promise<void>;
}

/** In the process that watches. Ends it with the highest exit code of a worker once all of them have ended. */
export function supervise({ count, environment, listening, dispose }: Supervision, log: Log): void {
  const everybody = new AggregatorRegistry();
  let isListening = false;
  let stopping = false;
  let exitCode = 0;

  const workers = (): Worker[] => Object.values(cluster.workers ?? {}).filter((each) => each !== undefined);
  const begin = () => stopping || cluster.fork(environment);

  cluster.once('listening', (_, address) => {
    isListening = true;
    listening(address);
    for (let i = 1; i < count; i++) begin();
  });
  cluster.on('listening', ({ id, process: { pid } }) => log.info({ worker: id, pid }, 'a worker listens'));

  cluster.on('message', async (worker, message) => {
    if (message !== metricsWanted) return;
    const answer = await everybody.clusterMetrics().then(
      (metrics) => ({ metrics }),
      (err) => {
        log.error({ err }, 'metrics of a worker are missing');
        return { metrics: null };
      },
    );
    if (worker.isConnected()) worker.send(answer);
  });

  cluster.on('exit', (worker, code, signal) => {
    if (isListening && !stopping) {
      log.error({ worker: worker.id, code, signal }, 'a worker has ended, and is replaced');
      setTimeout(begin, replaceAfterMs);
      return;
    }
    stopping = true;
    exitCode = Math.max(exitCode, code ?? 1);
    if (workers().length === 0) void dispose().then(() => process.exit(exitCode));
  });

  function stop(): void {
    if (stopping) {
      for (const worker of workers()) worker.process.kill('SIGKILL');
      process.exit(1);
    }
    stopping = true;
    for (const worker of workers()) worker.send(drain);
  }

  for (const signal of signals) process.on(signal, stop);
  begin();
}

/** In a worker: it drains when it is told to, when it is left alone, and never twice, as a terminal signals both. */
export const ordersOfSupervisor: Orders = (begin) => {
  process.on('message', (message) => message === drain && begin());
  process.on('disconnect', begin);
  for (const signal of signals) process.on(signal, begin);
};

/** In a worker: lets the metrics of all of them be read from any of them. */
export function shareMetrics(own: Registry): () => Promise<string> {
  AggregatorRegistry.setRegistries(own);
  new AggregatorRegistry(); // which listens to those who ask for ours

  return () =>
    new Promise((resolve, reject) => {
      const onMessage = ({ metrics }: { metrics?: string | null }) => {
        if (metrics === undefined) return;
        process.off('message', onMessage);
        if (metrics === null) reject(new Error('the supervisor has no metrics'));
        else resolve(metrics);
      };
      process.on('message', onMessage);
      process.send?.(metricsWanted);
    });
}

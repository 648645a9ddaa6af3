import cluster, { type Address, type Worker } from 'node:cluster';
import type { Log } from '../observability/log.ts';
import { drainSignals, exitMs, type ShutdownTrigger, signalTrigger } from './graceful-shutdown.ts';
import { closeUnacceptedConnections } from './unaccepted-connections.ts';
import { collectMetrics, sendTo } from './worker-metrics.ts';

/**
 * Several processes behind one port, for machines with several cores. The primary process distributes connections among the
 * workers, replaces a worker that has ended, and ends when all of them have.
 */

const drain = 'drain';
const replaceAfterMs = 1_000; // a worker that fails at its start must not use the whole CPU
const killAfterMs = exitMs - 300; // drained workers have exited by then; the others do not respond
const secondKillMs = 100; // from the kill of the workers to the end of the primary process

/** Set for the workers: the primary process of a worker may also be another program, such as PM2. */
const workerVariable = 'SPOTIFY_GRAPHQL_WORKER';

/** Whether this process is a worker of a gateway's primary process. */
export const isWorker: boolean = cluster.isWorker && process.env[workerVariable] !== undefined;

export interface PrimaryOptions {
  /** Number of workers. */
  count: number;
  /** Their environment variables beyond those of the primary process. */
  environment: Record<string, string>;
  /** Called once for each port, when the first worker listens on it; the other workers are started after it. */
  listening(address: Address): void;
  /** Ports on which each worker listens. */
  ports: number;
  /** Closes the resources that the workers have shared. */
  dispose(): Promise<void>;
}

/** In the primary process. Ends it with the highest exit code of a worker once all workers have ended. */
export function runPrimary(options: PrimaryOptions, log: Log): void {
  const state: State = { listeningPorts: new Map(), isListening: false, isStopping: false, exitCode: 0 };
  const startWorker = () => {
    if (!state.isStopping) cluster.fork({ ...options.environment, [workerVariable]: 'true' });
  };
  collectMetrics(log);

  cluster.on('fork', (worker) => {
    closeUnacceptedConnections(worker);
    // The channel emits an error if the worker ends while a message is written to it.
    worker.on('error', (err) => log.warn({ err, worker: worker.id }, 'the channel to a worker failed'));
  });
  cluster.on('listening', (worker, address) => {
    const ports = (state.listeningPorts.get(worker.id) ?? 0) + 1;
    state.listeningPorts.set(worker.id, ports);
    if (!state.isListening) options.listening(address);
    if (ports < options.ports) return;
    log.info({ worker: worker.id, pid: worker.process.pid }, 'a worker listens');
    if (state.isStopping) sendTo(worker, drain, log);
    if (state.isListening) return;
    state.isListening = true;
    for (let i = 1; i < options.count; i++) startWorker();
  });
  cluster.on('exit', (worker, code, signal) => {
    const wasStarting = !isReady(worker, state, options);
    state.listeningPorts.delete(worker.id);
    if (state.isListening && !state.isStopping) {
      log.error({ worker: worker.id, code, signal }, 'a worker has ended, and is replaced');
      setTimeout(startWorker, replaceAfterMs);
      return;
    }
    // A worker that gets the signal before it listens has nothing to drain.
    const isDrainSignal = drainSignals.some((each) => each === signal);
    const isExpected = state.isStopping && wasStarting && isDrainSignal;
    if (!isExpected) state.exitCode = Math.max(state.exitCode, code ?? 1);
    state.isStopping = true;
    exitIfAlone(state, options);
  });
  signalTrigger(
    () => stop(state, options, log),
    () => {
      killAll();
      process.exit(1);
    },
  );
  startWorker();
}

interface State {
  /** Number of ports on which a worker listens, by its id. */
  listeningPorts: Map<number, number>;
  /** Whether the first worker listens on all its ports. */
  isListening: boolean;
  isStopping: boolean;
  exitCode: number;
}

/** Drains all workers, and kills those that have not ended in time. */
function stop(state: State, options: PrimaryOptions, log: Log): void {
  if (state.isStopping) return;
  state.isStopping = true;
  setTimeout(() => {
    log.error({ workers: workers().map(({ id }) => id) }, 'workers that did not end in time are killed');
    killAll();
    setTimeout(() => process.exit(1), secondKillMs);
  }, killAfterMs);
  for (const worker of workers()) {
    // A worker that starts may lose messages; a signal ends it, or drains it if it listens by then.
    if (isReady(worker, state, options)) sendTo(worker, drain, log);
    else worker.process.kill('SIGTERM');
  }
  exitIfAlone(state, options);
}

/** The workers that run: Node lists one that has ended until its channel is closed too. */
const workers = (): Worker[] =>
  Object.values(cluster.workers ?? {}).flatMap((worker) => (worker && !worker.isDead() ? [worker] : []));

const isReady = ({ id }: Worker, { listeningPorts }: State, { ports }: PrimaryOptions): boolean =>
  listeningPorts.get(id) === ports;

function killAll(): void {
  for (const worker of workers()) worker.process.kill('SIGKILL');
}

function exitIfAlone({ exitCode }: State, { dispose }: PrimaryOptions): void {
  if (workers().length === 0) void dispose().then(() => process.exit(exitCode));
}

/** In a worker. Drains on a message of the primary process, on IPC disconnect, or on a signal: Ctrl-C reaches both processes. */
export const primaryTrigger: ShutdownTrigger = (beginDrain) => {
  process.on('message', (message) => message === drain && beginDrain());
  process.on('disconnect', beginDrain);
  for (const signal of drainSignals) process.on(signal, beginDrain);
};

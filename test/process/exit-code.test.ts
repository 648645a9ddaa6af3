import cluster, { type Worker } from 'node:cluster';
import { EventEmitter } from 'node:events';
import { createServer } from 'node:http';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { runPrimary } from '../../src/process/cluster.ts';
import { gracefulShutdown } from '../../src/process/graceful-shutdown.ts';
import { trackResponses } from '../../src/process/pipelining.ts';
import { silentLog } from '../support/silent-log.ts';

/** The exit code of a process. The tests mock its functions, so that it neither ends nor starts another one. */

const listeners = new EventEmitter(); // those of the process
const exitCodes: unknown[] = [];

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(process, 'on').mockImplementation((event, listener) => {
    listeners.on(event, listener as () => void);
    return process;
  });
  vi.spyOn(process, 'exit').mockImplementation((code) => exitCodes.push(code) as never);
});

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  listeners.removeAllListeners();
  exitCodes.length = 0;
});

test.each([
  ['without an exception', 0],
  ['with an exception that is not caught', 1],
])('a shutdown %s ends with code %i', async (_, code) => {
  const server = createServer();
  const draining = { drain: () => undefined, dispose: async () => undefined };
  gracefulShutdown(server, trackResponses(server), draining, silentLog);
  listeners.emit('SIGTERM');
  if (code === 1) listeners.emit('uncaughtException', new Error('during the shutdown'));
  await vi.waitFor(() => expect(exitCodes).toEqual([code]));
});

/** A worker that ends with code 1 before it listens. Node lists it until its channel is closed too. */
function endedWorker(): Worker {
  const worker = Object.assign(new EventEmitter(), { id: 1, isDead: () => true });
  return worker as unknown as Worker; // the parts that the primary process uses
}

test('the primary process ends with the code of its only worker, although Node still lists the worker', async () => {
  const worker = endedWorker();
  vi.spyOn(cluster, 'fork').mockReturnValue(worker);
  vi.spyOn(cluster, 'workers', 'get').mockReturnValue({ 1: worker });
  const options = { count: 1, ports: 1, environment: {}, listening: vi.fn(), dispose: async () => undefined };
  runPrimary(options, silentLog);
  cluster.emit('exit', worker, 1, null);
  cluster.removeAllListeners();
  await vi.waitFor(() => expect(exitCodes).toEqual([1]));
});

test.each(['SIGTERM', 'SIGINT', 'SIGHUP'])(
  'the primary process ends with 0 if %s ends its worker before the worker listens',
  async (signal) => {
    const worker = Object.assign(endedWorker(), { kill: vi.fn(), process: { kill: vi.fn() } });
    vi.spyOn(cluster, 'fork').mockReturnValue(worker);
    vi.spyOn(cluster, 'workers', 'get').mockReturnValue({ 1: worker });
    const options = {
      count: 1,
      ports: 1,
      environment: {},
      listening: vi.fn(),
      dispose: async () => undefined,
    };
    runPrimary(options, silentLog);
    listeners.emit(signal);
    cluster.emit('exit', worker, null, signal);
    cluster.removeAllListeners();
    // At the signal, because Node lists no worker that runs, and at the end of the worker.
    await vi.waitFor(() => expect(exitCodes).toEqual([0, 0]));
  },
);

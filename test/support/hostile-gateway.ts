import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readConfig } from '../../src/config.ts';
import { createGateway } from '../../src/gateway.ts';
import { clientHeader, type Told } from './hostile-process.ts';

/**
 * A gateway in a process of its own that tells its parent, after each response, for how long it has held up its event
 * loop since the request. Run by `hostile-process.ts`.
 */

const lookEveryMs = 5;
let maxBlockedMs = 0;
let atMs = performance.now();
let processor = process.cpuUsage();

/** Takes the smaller of the time by the clock and the time of the processor: on a busy machine the clock runs on. */
function look(): void {
  const { user, system } = process.cpuUsage(processor);
  const blockedMs = Math.min(performance.now() - atMs - lookEveryMs, (user + system) / 1000);
  maxBlockedMs = Math.max(maxBlockedMs, blockedMs);
  atMs = performance.now();
  processor = process.cpuUsage();
}
setInterval(look, lookEveryMs);

const tell = (told: Told): void => void process.send?.(told);

const { gateway: options } = readConfig({ ...process.env, DATA_DIR: 'none' });
const silent = () => undefined;
const gateway = createGateway(
  { ...options, clientAddressHeader: clientHeader },
  {
    info: silent,
    warn: silent,
    error: (fields, message) =>
      tell({ bug: `${message}: ${String((fields as { err?: Error }).err?.stack)}` }),
  },
);

const server = createServer((request, response) => {
  look();
  maxBlockedMs = 0;
  response.once('close', () =>
    setImmediate(() => {
      look();
      tell({ blockedMs: Math.round(maxBlockedMs), rssMb: Math.round(process.memoryUsage.rss() / 1_000_000) });
    }),
  );
  gateway.listener(request, response);
}).listen(0, '127.0.0.1', () => tell({ port: (server.address() as AddressInfo).port }));

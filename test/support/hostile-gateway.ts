import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readConfig } from '../../src/config.ts';
import { createGateway } from '../../src/gateway.ts';
import { acceptFirst } from '../../src/process/connections.ts';
import { clientHeader, type Measured, measuredPath } from './hostile-process.ts';

/**
 * A gateway in a process of its own. `GET /measured` returns for how long requests have held up its event loop since
 * the last such request. Run by `hostile-process.ts`.
 */

const lookEveryMs = 5;
let maxBlockedMs = 0;
let atMs = performance.now();
let processor = process.cpuUsage();
const bugs: string[] = [];

/** Takes the smaller of the time by the clock and the time of the processor: on a busy machine the clock runs on. */
function look(): void {
  const { user, system } = process.cpuUsage(processor);
  const blockedMs = Math.min(performance.now() - atMs - lookEveryMs, (user + system) / 1000);
  maxBlockedMs = Math.max(maxBlockedMs, blockedMs);
  atMs = performance.now();
  processor = process.cpuUsage();
}
setInterval(look, lookEveryMs);

function measured(): Measured {
  look();
  const rssMb = Math.round(process.memoryUsage.rss() / 1_000_000);
  const result = { blockedMs: Math.round(maxBlockedMs), rssMb, bugs: bugs.splice(0) };
  maxBlockedMs = 0;
  return result;
}

const { gateway: options } = readConfig({ ...process.env, DATA_DIR: 'none' });
const silent = () => undefined;
const gateway = createGateway(
  { ...options, clientAddressHeader: clientHeader },
  {
    info: silent,
    warn: silent,
    error: (fields, message) => bugs.push(`${message}: ${String((fields as { err?: Error }).err?.stack)}`),
  },
);

// Longer than the machine may keep the client waiting: a request on a connection that is closed meanwhile fails.
const keepAliveTimeout = 600_000;
const server = createServer({ keepAliveTimeout });
acceptFirst(server, (request, response) => {
  if (request.url === measuredPath) response.end(JSON.stringify(measured()));
  else gateway.listener(request, response);
});
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));

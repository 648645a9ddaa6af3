import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readConfig } from '../../src/config.ts';
import { createGateway } from '../../src/gateway.ts';
import { acceptFirst } from '../../src/process/connections.ts';
import { clientHeader, type Measured, measuredPath } from './hostile-process.ts';

/**
 * A gateway in its own process. `GET /measured` returns how long requests have blocked its event loop since the last such
 * request. Run by `hostile-process.ts`.
 */

const sampleEveryMs = 5;
let maxBlockedMs = 0;
let sampledMs = performance.now();
let cpuStart = process.cpuUsage();
const bugs: string[] = [];

/** Uses the smaller of wall-clock time and processor time: on a busy machine the process waits while the clock runs on. */
function sample(): void {
  const { user, system } = process.cpuUsage(cpuStart);
  const blockedMs = Math.min(performance.now() - sampledMs - sampleEveryMs, (user + system) / 1000);
  maxBlockedMs = Math.max(maxBlockedMs, blockedMs);
  sampledMs = performance.now();
  cpuStart = process.cpuUsage();
}
setInterval(sample, sampleEveryMs);

function measured(): Measured {
  sample();
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

// A busy machine may delay a client, whose request fails if the server has closed the idle connection.
const keepAliveTimeout = 600_000;
const server = createServer({ keepAliveTimeout });
acceptFirst(server, (request, response) => {
  if (request.url === measuredPath) response.end(JSON.stringify(measured()));
  else gateway.listener(request, response);
});
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));

import cluster from 'node:cluster';
import { readFileSync } from 'node:fs';

/** Loaded into every measured server, to report its CPU time and memory; the CPU time includes that of its workers. */
if (cluster.isPrimary) {
  process.on('message', ({ id }) => {
    const { user, system } = process.cpuUsage();
    globalThis.gc?.();
    const { rss, heapUsed, external } = process.memoryUsage();
    process.send({
      id,
      response: { cpuMicros: user + system + cpuMicrosOfWorkers(), rss, heapUsed, external },
    });
  });
  // The bench has ended, or has finished with this server.
  process.on('disconnect', () => process.exit());
  process.channel?.unref();
}

const tickMicros = 10_000;

/** Reads Linux's statistics of each worker. */
function cpuMicrosOfWorkers() {
  return Object.values(cluster.workers ?? {})
    .map((worker) => {
      const stat = readFileSync(`/proc/${worker?.process.pid}/stat`, 'utf8');
      const [user, system] = stat
        .slice(stat.lastIndexOf(')') + 2)
        .split(' ')
        .slice(11, 13);
      return (Number(user) + Number(system)) * tickMicros;
    })
    .reduce((sum, micros) => sum + micros, 0);
}

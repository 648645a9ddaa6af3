import cluster from 'node:cluster';

/** Loaded into every server that is measured, so that each can be asked what it has used. Workers are not asked. */
if (cluster.isPrimary) {
  process.on('message', ({ id }) => {
    const { user, system } = process.cpuUsage();
    const { rss, heapUsed } = process.memoryUsage();
    process.send({ id, answer: { cpuMicros: user + system, rss, heapUsed } });
  });
  // Whoever measured is gone, or has seen enough.
  process.on('disconnect', () => process.exit());
  process.channel?.unref();
}

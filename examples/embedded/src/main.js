import { pino } from 'pino';
import { startSandbox } from 'spotify-graphql-gateway/sandbox';
import { createApp } from './app.js';
import { createRedis } from './redis.js';

/** The server on http://127.0.0.1:4300, until it is interrupted. */

const { PORT = '4300', REDIS_URL = 'redis://127.0.0.1:6379' } = process.env;

const sandbox = await startSandbox();
const log = pino();
const redis = createRedis(REDIS_URL, log);

const app = createApp({
  environment: { ...sandbox.environment, REDIS_URL },
  redis,
  log,
});
await app.listen({ port: Number(PORT) }).catch(endIfPortIsInUse);
log.info(`try /artists/${sandbox.catalogue.fixtures.artists.bts}/newest, or query /graphql`);

async function stop() {
  await app.close();
  redis.disconnect();
  await sandbox.close();
}
process.once('SIGINT', stop);
process.once('SIGTERM', stop);

/** Ends the process with a sentence instead of a stack trace. */
function endIfPortIsInUse(error) {
  if (error.code !== 'EADDRINUSE') throw error;
  process.stderr.write(`Port ${PORT} is in use by another process. Set PORT to another one.\n`);
  process.exit(1);
}

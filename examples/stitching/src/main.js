import { startServers } from './servers.js';

/** The parent on http://127.0.0.1:4100/graphql, until it is interrupted. */

const { PORT = '4100', SANDBOX_QUOTA_MODE = 'development' } = process.env;

const servers = await startServers({
  quotaMode: SANDBOX_QUOTA_MODE,
  gatewayIs: 'http',
  port: Number(PORT),
}).catch(endIfPortIsInUse);

process.stdout.write(`Concerts, reviews and made-up music in one graph: ${servers.url}
Query it, for instance:

  { concerts { city headliner { name albums(first: 5) { nodes { name reviews { text } } } } } }
`);

process.once('SIGINT', servers.close);
process.once('SIGTERM', servers.close);

/** Ends the process with a sentence instead of a stack trace. */
function endIfPortIsInUse(error) {
  if (error.code !== 'EADDRINUSE') throw error;
  process.stderr.write(`Port ${PORT} is in use by another process. Set PORT to another one.\n`);
  process.exit(1);
}

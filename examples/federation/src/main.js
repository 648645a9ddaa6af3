import { startServers } from './servers.js';

/** The supergraph on http://127.0.0.1:4200/graphql, until it is interrupted. */

const { PORT = '4200', SANDBOX_QUOTA_MODE = 'development' } = process.env;

const servers = await startServers({ quotaMode: SANDBOX_QUOTA_MODE, port: Number(PORT) }).catch(
  endIfPortIsInUse,
);

process.stdout.write(`Concerts and made-up music in one supergraph: ${servers.url}
Query it, for instance:

  { concerts { city headliner { name albums(first: 5) { nodes { name } } } album { name } } }
`);

process.once('SIGINT', servers.close);
process.once('SIGTERM', servers.close);

/** Ends the process with a sentence instead of a stack trace. */
function endIfPortIsInUse(error) {
  if (error.code !== 'EADDRINUSE') throw error;
  process.stderr.write(`Port ${PORT} is in use by another process. Set PORT to another one.\n`);
  process.exit(1);
}

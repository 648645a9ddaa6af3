import { once } from 'node:events';
import { createServer } from 'node:http';
import { createYoga } from 'graphql-yoga';

/** Serves on the loopback interface; port 0 is any free one. */
export async function serve(listener, port = 0) {
  let requests = 0;
  const server = createServer(listener);
  server.on('request', (_, response) => {
    response.once('finish', () => {
      if (response.statusCode !== 503) requests += 1;
    });
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${server.address().port}/graphql`,
    /** The number of responses, without those with status 503. */
    requests: () => requests,
    clearRequests() {
      requests = 0;
    },
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

export const serveSchema = (schema, port) => serve(createYoga({ schema, logging: false }), port);

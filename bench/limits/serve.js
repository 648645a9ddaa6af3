import { createServer } from 'node:http';

/**
 * The smallest server of GraphQL over HTTP: reads a body, calls `respond`, and sends the result.
 * @param respond returns the response, as bytes or text, to the bytes of a request
 */
export function serve(respond) {
  const server = createServer((request, response) => {
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      const body = chunks.length === 1 ? chunks[0] : Buffer.concat(chunks);
      const send = (bytes) => {
        response
          .writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(bytes) })
          .end(bytes);
      };
      const fail = (error) =>
        response.writeHead(500).end(JSON.stringify({ errors: [{ message: String(error) }] }));
      Promise.resolve(respond(body)).then(send, fail);
    });
  });
  listen(server);
}

/** Listens on the port of the variable PORT, and prints the URL. */
export function listen(server) {
  server.keepAliveTimeout = 60_000;
  server.listen(Number(process.env.PORT ?? 0), '127.0.0.1', () =>
    process.stdout.write(`http://127.0.0.1:${server.address().port}/graphql\n`),
  );
}

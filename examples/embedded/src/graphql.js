/**
 * Mounts the gateway in a Fastify server: `/graphql`, and the endpoints for operators.
 * @type {import('fastify').FastifyPluginCallback<{ gateway: import('spotify-graphql-gateway').Gateway }>}
 */
export function graphql(app, { gateway }, done) {
  // The gateway reads the body itself, under its own limits.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, _body, parsed) => parsed(null));

  for (const url of ['/graphql', '/ready', '/metrics']) {
    app.all(url, { logLevel: 'warn' }, async (request, reply) => {
      const { status, headers, body } = await gateway.handler.handleNodeRequestAndResponse(
        request.raw,
        reply.raw,
      );
      return reply.code(status).headers(Object.fromEntries(headers)).send(body);
    });
  }

  // Closing waits for running requests, and then for their connections, which a client may keep for a minute.
  let closing = false;
  app.addHook('preClose', (next) => {
    closing = true;
    gateway.drain();
    next();
  });
  app.addHook('onSend', (_request, reply, payload, next) => {
    if (closing) reply.header('connection', 'close');
    next(null, payload);
  });
  app.addHook('onClose', () => gateway.dispose());
  done();
}

import { getRequestListener } from '@hono/node-server';
import express from 'express';
import Fastify from 'fastify';
import { Hono } from 'hono';

/** Servers that mount the gateway beside their own routes, at `/graphql`. Each returns a listener for `node:http`. */

/** Before a body parser, so that the gateway reads the body within its own limits. */
export function expressHost(gateway) {
  const app = express();
  app.use('/graphql', gateway.listener);
  app.use(express.json());
  app.get('/own', (_, response) => response.json({ own: true }));
  return app;
}

/** Fastify parses the body; the gateway takes the parsed one. */
export async function fastifyHost(gateway) {
  const app = Fastify();
  app.route({
    url: '/graphql',
    method: ['GET', 'POST', 'OPTIONS'],
    handler(request, reply) {
      reply.hijack();
      gateway.listener(Object.assign(request.raw, { body: request.body }), reply.raw);
    },
  });
  app.get('/own', () => ({ own: true }));
  await app.ready();
  return app.routing;
}

/** Hono passes a Web-standard `Request`. */
export function honoHost(gateway) {
  const app = new Hono();
  app.all('/graphql', ({ req }) => gateway.handler.fetch(req.raw));
  app.get('/own', (context) => context.json({ own: true }));
  return getRequestListener(app.fetch);
}

/** A route handler of Next.js, `app/graphql/route.js`: functions from `Request` to `Response`. */
export function nextRoute(gateway) {
  const handle = (request) => gateway.handler.fetch(request);
  return { GET: handle, OPTIONS: handle, POST: handle };
}

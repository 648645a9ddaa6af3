import type { IncomingMessage } from 'node:http';
import { expect, onTestFinished, test } from 'vitest';
import { createNodeListener, type NodeListenerOptions } from '../../src/http/node-listener.ts';
import { createRequestBodies } from '../../src/http/request-bodies.ts';
import { createUnreadResponses } from '../../src/http/unread-responses.ts';
import { createMask } from '../../src/operation/response-errors.ts';
import { withSandbox } from '../support/gateway.ts';
import { exchangeOnce, until } from '../support/process.ts';
import { portOf } from '../support/test-server.ts';

/** A listener whose parts a test replaces, and its logged errors. */
async function serve({
  mountedAt = '',
  ...parts
}: Pick<NodeListenerOptions, 'fastPath' | 'yoga'> & Partial<NodeListenerOptions> & { mountedAt?: string }) {
  const logged: unknown[] = [];
  const ignore = () => undefined;
  const mask = createMask({ info: ignore, warn: ignore, error: (fields) => logged.push(fields) });
  const unread = createUnreadResponses(ignore);
  const listener = createNodeListener({
    endpoint: '/graphql',
    isFastPathOpen: () => true,
    bodies: createRequestBodies(ignore),
    unread,
    corsHeaders: () => ({}),
    onRejected: ignore,
    mask,
    healthPaths: ['/health'],
    identifyClient: () => 'client',
    waitForTurn: () => true,
    ...parts,
  });
  const port = await portOf((request, response) => {
    const { url = '' } = request;
    if (mountedAt) Object.assign(request, { originalUrl: url, url: url.slice(mountedAt.length) || '/' });
    listener(request, response);
  });
  onTestFinished(unread.dispose);
  const post = (contentType: string, path = '/graphql') =>
    fetch(`http://127.0.0.1:${port}${path}`, {
      method: 'POST',
      headers: { 'content-type': contentType },
      body: '{"query":"{ __typename }"}',
      signal: AbortSignal.timeout(5_000),
    });
  const get = (path: string) =>
    fetch(`http://127.0.0.1:${port}${path}`, { signal: AbortSignal.timeout(5_000) });
  return { post, get, logged };
}

const bug = new Error('a bug');

const fail = async () => {
  throw bug;
};

test.each([
  ['the fast path', 'application/json', { fastPath: fail, yoga: () => undefined }],
  ['yoga after the fast path', 'application/json', { fastPath: async () => false, yoga: fail }],
  ['yoga', 'text/plain', { fastPath: async () => false, yoga: fail }],
])('an error of %s is masked and logged, and the client gets status 500', async (_, contentType, parts) => {
  const { post, logged } = await serve(parts);
  const response = await post(contentType);
  expect(response.status).toBe(500);
  expect(await response.json()).toEqual({
    errors: [
      {
        message: 'The gateway failed because of a bug: its log has the details.',
        extensions: { code: 'INTERNAL_SERVER_ERROR' },
      },
    ],
  });
  expect(logged).toEqual([{ err: bug }]);
});

test('an error after the start of a response is logged, and closes the connection', async () => {
  const { post, logged } = await serve({
    async fastPath({ response }) {
      response.writeHead(200, { 'content-length': '10' });
      response.write('12345');
      throw bug;
    },
    yoga: () => undefined,
  });
  await expect(post('application/json').then((response) => response.text())).rejects.toThrow();
  expect(logged).toEqual([{ err: bug }]);
});

test.each([
  ['', '/graphql'],
  ['', '/api/graphql'],
  ['/api/graphql', '/api/graphql'],
  ['/api', '/api'],
])(
  'a server that mounts the listener at %j has the fast path at the endpoint %s',
  async (mountedAt, endpoint) => {
    const { post } = await serve({
      mountedAt,
      endpoint,
      async fastPath({ response }) {
        response.end('fast');
        return true;
      },
      yoga: (_, response) => response.end('yoga'),
    });
    expect(await (await post('application/json', endpoint)).text()).toBe('fast');
    expect(await (await post('application/json', '/elsewhere')).text()).toBe('yoga');
  },
);

test.each([
  ['https://app.example', 'https://app.example'],
  ['https://other.example', undefined],
])(
  'a page of the origin %s can read the error of a body that the listener rejects if the origin is allowed: %s',
  async (origin, allowed) => {
    const { gateway, sandbox } = await withSandbox({ CORS_ORIGINS: 'https://app.example' });
    const port = await portOf((request, response) => {
      // As a body parser that reads the body and does not keep it.
      if (request.url === '/graphql?read')
        request.resume().once('end', () => gateway.listener(request, response));
      else gateway.listener(request, response);
    });
    const headers = { 'content-type': 'application/json', 'transfer-encoding': 'chunked', origin };
    for (const [path, body, status] of [
      ['/graphql', 'x'.repeat(100_001), 413],
      ['/graphql?read', '{}', 400],
    ] as const) {
      const response = await exchangeOnce(port, path, { method: 'POST', headers, body });
      expect(response.status).toBe(status);
      expect(response.headers).toMatchObject({ vary: 'origin', 'x-request-id': expect.any(String) });
      expect(response.headers['access-control-allow-origin']).toBe(allowed);
      expect(response.headers['access-control-expose-headers']).toBe(allowed && 'x-request-id, retry-after');
    }
    expect(sandbox.calls()).toEqual([]);
  },
);

test('a body waits for the turn of its client before it is parsed, and is rejected if the process has too much to do', async () => {
  const turns: ((hasTurn: boolean) => void)[] = [];
  let parsed = 0;
  const fastPath: NodeListenerOptions['fastPath'] = async ({ response }) => {
    parsed += 1;
    response.end();
    return true;
  };
  const waitForTurn = () => new Promise<boolean>((resolve) => void turns.push(resolve));
  const { post } = await serve({ fastPath, yoga: fail, waitForTurn });
  const replies = [post('application/json'), post('application/json')];
  await until(() => turns.length === 2, 5_000);
  expect(parsed).toBe(0);
  turns[0]?.(true);
  turns[1]?.(false);
  const statuses = (await Promise.all(replies)).map(({ status }) => status);
  expect([statuses.sort(), parsed]).toEqual([[200, 503], 1]);
});

test('yoga knows of each request whether the client has waited for its turn, so that no operation waits twice', async () => {
  const contexts: unknown[] = [];
  const yoga: NodeListenerOptions['yoga'] = (request, response, context) => {
    contexts.push([request.method, request.url, context.hasWaitedForTurn]);
    response.end();
  };
  const { get, post } = await serve({ fastPath: async () => false, yoga });
  await post('application/json');
  await get('/graphql?query={__typename}');
  await post('text/plain');
  await get('/health');
  expect(contexts).toEqual([
    ['POST', '/graphql', true],
    ['GET', '/graphql?query={__typename}', true],
    ['POST', '/graphql', false],
    ['GET', '/health', false],
  ]);
});

test('a request that is no operation waits for the turn of its client too, and a health check does not', async () => {
  const turns: ((hasTurn: boolean) => void)[] = [];
  const served: (string | undefined)[] = [];
  const yoga: NodeListenerOptions['yoga'] = ({ url }, response) => {
    served.push(url);
    response.end();
  };
  const { get } = await serve({
    fastPath: fail,
    yoga,
    waitForTurn: () => new Promise<boolean>((resolve) => void turns.push(resolve)),
  });
  const replies = [get('/metrics'), get('/docs/')];
  await until(() => turns.length === 2, 5_000);
  expect((await get('/health')).status).toBe(200);
  expect(served).toEqual(['/health']);
  turns[0]?.(true);
  turns[1]?.(false);
  const statuses = (await Promise.all(replies)).map(({ status }) => status);
  expect([statuses.sort(), served.length]).toEqual([[200, 503], 2]);
});

test('a request whose client has disconnected while its body waited for its turn is not handled, and its body takes no memory', async () => {
  let startTurn: (hasTurn: boolean) => void = () => undefined;
  const turn = new Promise<boolean>((resolve) => {
    startTurn = resolve;
  });
  const handled: string[] = [];
  const fastPath: NodeListenerOptions['fastPath'] = async ({ body }) => handled.push(body) > 0;
  const released: string[] = [];
  const bodies = createRequestBodies(() => undefined);
  let socket: IncomingMessage['socket'] | undefined;
  const read: typeof bodies.read = async (request, client) => {
    const body = await bodies.read(request, client);
    ({ socket } = request);
    return body.kind === 'whole' ? { ...body, release: () => void released.push(body.text) } : body;
  };
  const { post } = await serve({
    fastPath,
    yoga: fail,
    waitForTurn: () => turn,
    bodies: { read },
  });
  const reply = post('application/json').catch(() => 'closed');
  await until(() => socket !== undefined, 5_000);
  socket?.destroy();
  expect(await reply).toBe('closed');
  startTurn(true);
  await new Promise(setImmediate);
  expect([handled.length, released.length]).toEqual([0, 1]);
});

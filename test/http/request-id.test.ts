import { parse } from 'graphql';
import { describe, expect, test } from 'vitest';
import { withSandbox } from '../support/gateway.ts';
import { postJson } from '../support/post-json.ts';
import { exchangeOnce } from '../support/process.ts';
import { artistQuery as query } from '../support/schema-tests.ts';
import { portOf } from '../support/test-server.ts';

/** The request id, which a proxy sends or the gateway generates, is in the response and in the log. */

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

async function serve(environment: Record<string, string> = {}) {
  const gateway = await withSandbox(environment);
  const port = await portOf(gateway.gateway.listener);

  /** The request id of the response. */
  async function idOf(
    path = '/graphql',
    headers: Record<string, string | string[]> = {},
    body = JSON.stringify({ query }),
  ) {
    const sent = { 'content-type': 'application/json', ...headers };
    const response = await exchangeOnce(port, path, { method: 'POST', headers: sent, body });
    return response.headers['x-request-id'];
  }

  const loggedIds = () =>
    gateway.logged
      .filter(({ message }) => message === 'operation')
      .map(({ fields }) => Reflect.get(fields, 'requestId'));
  return { ...gateway, idOf, loggedIds };
}

const paths = [
  ['the fast path', '/graphql'],
  ['yoga', '/graphql?x=1'],
] as const;

describe.each(paths)('a request id of %s', (_, path) => {
  test.each([
    ['a UUID', '0af76519-16cd-43dd-8448-eb211c80319c'],
    ['the id of a load balancer', 'Root=1-67891233-abcdef012345678912345678'],
    ['base64', 'aGVsbG8+/w=='],
    ['128 characters', 'x'.repeat(128)],
  ])(
    'the response and the log have the request id of the request if this id is valid: %s',
    async (__, id) => {
      const { idOf, loggedIds } = await serve();
      expect(await idOf(path, { 'x-request-id': id })).toBe(id);
      expect(await idOf(path, { 'x-request-id': `${id.slice(0, -1)}2` })).toBe(`${id.slice(0, -1)}2`); // from the response cache
      expect(loggedIds()).toEqual([id, `${id.slice(0, -1)}2`]);
    },
  );

  test.each<[string, string | string[]]>([
    ['129 characters', 'x'.repeat(129)],
    ['a blank', 'a b'],
    ['nothing', ''],
    ['quotes', '"a"'],
    ['a character beyond ASCII', 'caf\u00e9'],
    ['an end of line of another encoding', 'a%0d%0aset-cookie:b'],
    ['two headers', ['one', 'two']],
  ])('an invalid request id is replaced: %s', async (__, id) => {
    const { idOf, loggedIds } = await serve();
    const generatedId = await idOf(path, { 'x-request-id': id });
    expect(generatedId).toMatch(uuid);
    expect(loggedIds()).toEqual([generatedId]);
  });

  test('a request id is generated for each request without a request id', async () => {
    const { idOf, loggedIds } = await serve();
    const ids = [await idOf(path), await idOf(path)];
    for (const id of ids) expect(id).toMatch(uuid);
    expect(new Set(ids).size).toBe(2);
    expect(loggedIds()).toEqual(ids);
  });
});

test.each([
  ['JSON that is malformed', '/graphql', {}, '{'],
  ['another media type', '/graphql', { 'content-type': 'text/plain' }, '{}'],
  ['a body that is too large', '/graphql', {}, 'x'.repeat(100_001)],
  ['a syntax error', '/graphql', {}, '{"query":"{"}'],
  ['another path', '/nothing', {}, '{}'],
  ['an invalid Host', '/graphql', { host: 'a b' }, '{}'],
  ['an operator route', '/health', {}, '{}'],
])('the response to %s has the request id', async (_, path, headers: Record<string, string>, body) => {
  const { idOf } = await serve();
  expect(await idOf(path, { 'x-request-id': 'mine', ...headers }, body)).toBe('mine');
});

test('pages of an allowed origin may read the request id', async () => {
  const origin = 'https://app.example';
  const { fetch } = await serve({ CORS_ORIGINS: origin });
  const response = await fetch('/graphql', postJson({ query }, { origin, 'x-request-id': 'mine' }));
  expect(response.headers.get('x-request-id')).toBe('mine');
  expect(response.headers.get('access-control-expose-headers')).toBe('x-request-id, retry-after');
});

test('Spotify gets no request id, and an operation of `gateway.execute` has none', async () => {
  const { idOf, sandbox, gateway, logged } = await serve();
  await idOf('/graphql', { 'x-request-id': 'mine' });
  expect(sandbox.calls().length).toBeGreaterThan(0);
  for (const { headers } of sandbox.calls()) expect(headers).not.toHaveProperty('x-request-id');
  await gateway.execute({ document: parse('{ __typename }') });
  expect(logged.at(-1)?.fields).not.toHaveProperty('requestId');
});

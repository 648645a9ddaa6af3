import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { acceptedType, graphqlJson, isPlainJson, plainJson } from '../../src/http/media-types.ts';
import { resetPeakMemory } from '../support/bounded.ts';
import { withSandbox } from '../support/gateway.ts';
import { postJson } from '../support/post-json.ts';
import { endAfterAll, inProduction, type Server, startServer } from '../support/process.ts';
import { artistQuery as query } from '../support/schema-tests.ts';
import { portOf } from '../support/test-server.ts';

/** A client gets JSON, and nothing runs for a client that does not accept it. */

test.each([
  [undefined, plainJson],
  ['', plainJson],
  ['*/*', plainJson],
  ['application/*', plainJson],
  ['APPLICATION/JSON', plainJson],
  ['text/html, */*;q=0.8', plainJson],
  ['text/event-stream, application/json', plainJson],
  [graphqlJson, graphqlJson],
  [`${graphqlJson}, application/json;q=0.9`, graphqlJson],
  [`application/json;q=0.9, ${graphqlJson}`, graphqlJson],
  [`application/json, ${graphqlJson}`, plainJson],
  [`${graphqlJson};q=0, */*`, plainJson],
  ['application/json;q=0, */*', graphqlJson],
  ['*/*, application/json;q=0', graphqlJson],
  ['application/*, application/json;q=0.0', graphqlJson],
  ['application/json;q=0.5, */*', graphqlJson],
  ['application/json, */*;q=0.1', plainJson],
  [`*/*, ${graphqlJson}`, plainJson],
  [`${graphqlJson}, */*`, graphqlJson],
  [`${graphqlJson};q=0.2, */*;q=0.2`, graphqlJson],
  ['application/json;q=0, application/json', plainJson],
  [`application/json;q=0, ${graphqlJson};q=0, */*`, null],
  ['application/*;q=0, */*', null],
  ['application/json;q=x, */*', plainJson],
  ['application/json; charset=utf-8', plainJson],
  ['application/json; charset=UTF-8', plainJson],
  ['application/json; charset="utf-8"', plainJson],
  ['application/json; charset=utf8', plainJson],
  ['application/json; charset=latin1', null],
  ['application/json;q=0', null],
  ['application/json;q=x', null],
  ['text/event-stream', null],
  ['multipart/mixed', null],
  ['text/html', null],
  ['*', null],
  [`${'a/b,'.repeat(500)}application/json`, null], // only the first 2,000 characters are read
])('the header `Accept: %s` gets the type %s', (accept, type) => {
  expect(acceptedType(accept)).toBe(type);
});

test.each([
  ['application/json', undefined, true],
  ['application/json', 'identity', true],
  ['application/json', 'Identity', true],
  ['application/json ;charset=utf-8', undefined, true],
  ['Application/JSON; charset=utf-8', undefined, true],
  ['application/json; charset=utf8', undefined, true],
  ['application/json', 'gzip', false],
  ['application/json', '', false],
  ['application/jsonl', undefined, false],
  ['text/plain', undefined, false],
  [undefined, undefined, false],
])('a body with the type %s and the encoding %s is plain JSON: %s', (type, encoding, isPlain) => {
  expect(isPlainJson(type, encoding)).toBe(isPlain);
});

const onEnd = endAfterAll();
let gateway: Awaited<ReturnType<typeof withSandbox>> | undefined; // shared, because each renders the page of GraphiQL

test.each([
  ['text/html', 'html'],
  ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', 'html'],
  ['application/json, text/html', 'html'],
  ['*/*', 'json'],
  ['text/html;q=0, */*', 'json'],
  ['text/html;q=0.5, application/json', 'json'],
  [`${graphqlJson}, text/html;q=0.9`, 'json'],
  ['text/html;q=0.5, */*', 'json'],
  ['text/html, */*', 'html'],
  ['text/html, application/json;q=0, */*', 'html'],
])('a GET of an operation with the header `Accept: %s` gets %s', async (accept, expected) => {
  gateway ??= await withSandbox({}, { onEnd });
  const { fetch: get, sandbox } = gateway;
  const page = await get('/graphql?query={__typename}', { headers: { accept } });
  expect(page.headers.get('content-type')).toMatch(
    expected === 'html' ? /^text\/html/ : /json; charset=utf-8$/,
  );
  const docs = await get('/docs/errors.md', {
    headers: { accept: accept.replaceAll(/application\/\S*json/g, 'text/plain') },
  });
  expect(docs.headers.get('content-type')).toMatch(expected === 'html' ? /^text\/html/ : /^text\/plain/);
  expect(sandbox.calls()).toEqual([]);
});

const unaccepted = ['text/event-stream', 'multipart/mixed', 'text/plain', 'application/json;q=0'];

describe.each(['listener', 'handler'] as const)('the %s', (part) => {
  test.each(unaccepted)(
    `the ${part} responds 406 with an error, before anything runs, to a client that accepts only %s`,
    async (accept) => {
      const { gateway, sandbox } = await withSandbox();
      const url = `http://127.0.0.1:${await portOf(gateway[part])}/graphql`;
      const headers = { accept, 'x-request-id': 'a-request' };
      for (const response of [
        await fetch(url, postJson({ query }, headers)),
        await fetch(`${url}?query=${encodeURIComponent(query)}`, { headers }),
      ]) {
        expect(response.status).toBe(406);
        expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
        expect(response.headers.get('x-request-id')).toBe('a-request');
        expect(response.headers.get('cache-control')).toBe('no-store, max-age=0');
        expect(await response.json()).toEqual({
          errors: [
            {
              message:
                'Responses are JSON: accept application/graphql-response+json or application/json in the Accept header.',
              extensions: { code: 'BAD_REQUEST' },
            },
          ],
        });
      }
      expect(sandbox.calls()).toEqual([]);
    },
  );

  test(`the ${part} rejects a request in the media type that the client accepts, whatever the reason`, async () => {
    const { gateway, sandbox } = await withSandbox();
    const url = `http://127.0.0.1:${await portOf(gateway[part])}/graphql`;
    const post = (init: RequestInit) =>
      fetch(url, { ...postJson({ query }, { accept: graphqlJson }), ...init });
    const json = { 'content-type': 'application/json', accept: graphqlJson };
    const rejected = [
      await post({ body: '{' }),
      await post({ headers: { accept: graphqlJson, 'content-type': 'text/plain' } }),
      await post({ body: 'x'.repeat(100_001), headers: json }),
    ];
    gateway.drain();
    rejected.push(await post({}));
    expect(rejected.map(({ status, headers }) => [status, headers.get('content-type')])).toEqual(
      [400, 415, 413, 503].map((status) => [status, `${graphqlJson}; charset=utf-8`]),
    );
    expect(sandbox.calls()).toEqual([]);
  });

  test(`the ${part} sends no media type that the client excludes with the quality 0`, async () => {
    const { gateway, sandbox } = await withSandbox();
    const response = await fetch(
      `http://127.0.0.1:${await portOf(gateway[part])}/graphql`,
      postJson({ query: '{ nothing }' }, { accept: 'application/json;q=0, */*' }),
    );
    expect(response.status).toBe(400);
    expect(response.headers.get('content-type')).toBe(`${graphqlJson}; charset=utf-8`);
    expect(sandbox.calls()).toEqual([]);
  });

  test(`the ${part} prefers the media type with the highest quality`, async () => {
    const { gateway } = await withSandbox();
    const response = await fetch(
      `http://127.0.0.1:${await portOf(gateway[part])}/graphql`,
      postJson({ query: '{ nothing }' }, { accept: `application/json;q=0.5, ${graphqlJson}` }),
    );
    expect(response.status).toBe(400);
    expect(response.headers.get('content-type')).toBe(`${graphqlJson}; charset=utf-8`);
  });
});

describe('memory', { timeout: 60_000 }, () => {
  let server: Server; // for all media types, one after the other
  const afterTests = endAfterAll();
  beforeAll(async () => {
    server = await startServer(inProduction, undefined, afterTests);
    await server.execute('{ _sdl }');
  }, 60_000);

  test.each(['text/event-stream', 'multipart/mixed', 'application/json'])(
    '40 clients that accept %s and read nothing use bounded memory',
    async (accept) => {
      const body = JSON.stringify({
        query: `{ ${Array.from({ length: 100 }, (_, n) => `s${n}: _sdl`).join(' ')} }`,
      });
      resetPeakMemory(server.pid);
      const before = server.memoryMb();
      const sockets = Array.from({ length: 40 }, () => connect(server.port, '127.0.0.1'));
      for (const socket of sockets) {
        socket.on('error', () => undefined).pause();
        socket.write(
          `POST /graphql HTTP/1.1\r\nhost: gateway\r\naccept: ${accept}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
        );
        await sleep(50);
      }
      expect((await server.get('/health')).status).toBe(200);
      expect(server.peakMb() - before).toBeLessThan(200);
      for (const socket of sockets) socket.destroy();
    },
  );
});

import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  createOperationContext,
  type OperationContext,
  withDeadline,
} from '../../../../src/datasources/spotify/usage/field-context.ts';
import type { Fault } from '../../../../src/sandbox/index.ts';
import { startGateway } from '../../../support/gateway.ts';
import {
  artistError,
  artistQuery,
  artistResult,
  artists,
  dataAndErrorCodes,
  startInMode,
} from '../../../support/schema-tests.ts';
import { httpOver, type Transport, transports } from '../../../support/transports.ts';

/** The outcome of one call when the connection to Spotify fails or is slow. */

/** A port on which no server listens any more. */
async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((listening) => server.once('listening', listening));
  const { port } = server.address() as { port: number };
  await new Promise((closed) => server.close(closed));
  return port;
}

const shortTimeout = { UPSTREAM_TIMEOUT_MS: '200' };

describe.each(transports)('a call without a complete response over %s', (transport) => {
  test.each<[Fault, string]>([
    [{ kind: 'stall' }, 'UPSTREAM_TIMEOUT'],
    [{ kind: 'stall', afterBytes: 40 }, 'UPSTREAM_TIMEOUT'],
    [{ kind: 'delay', ms: 400 }, 'UPSTREAM_TIMEOUT'],
    [{ kind: 'drip', bytes: 20, everyMs: 40 }, 'UPSTREAM_TIMEOUT'],
    [{ kind: 'reset' }, 'UPSTREAM_UNAVAILABLE'],
    [{ kind: 'reset', afterBytes: 40 }, 'UPSTREAM_UNAVAILABLE'],
    [{ kind: 'truncate', afterBytes: 40 }, 'UPSTREAM_UNAVAILABLE'],
  ])(
    'the fault %o is not seen by the client if it happens once, and is %s after three times',
    async (fault, code) => {
      const failedOnce = await startInMode('development', shortTimeout, { transport });
      failedOnce.sandbox.faults.add({ times: 1, fault });
      expect(dataAndErrorCodes(await failedOnce.execute(artistQuery))).toEqual(artistResult);
      expect(failedOnce.apiCalls()).toHaveLength(2);

      const failedAlways = await startInMode('development', shortTimeout, { transport });
      failedAlways.sandbox.faults.add({ fault });
      expect(dataAndErrorCodes(await failedAlways.execute(artistQuery))).toEqual(artistError(code));
      expect(failedAlways.apiCalls()).toHaveLength(3);
    },
  );

  test('a call is aborted at the deadline of the request, and the stale cache entry is served', async () => {
    const environment = { REQUEST_TIMEOUT_MS: '500', CACHE_TTL_SECONDS: '0' };
    const { execute, sandbox } = await startInMode('development', environment, { transport });
    expect(dataAndErrorCodes(await execute(artistQuery))).toEqual(artistResult);
    sandbox.faults.add({ fault: { kind: 'stall' } });
    const startedMs = performance.now();
    const document = `{ artist(id: "${artists.bts}") { name } other: artist(id: "${artists.albums1}") { name } }`;
    const response = await execute(document);
    expect(dataAndErrorCodes(response)).toEqual({
      data: { artist: { name: 'BTS' }, other: null },
      errors: [['other', 'UPSTREAM_TIMEOUT']],
    });
    expect(response.extensions.spotify?.stale).toEqual([
      { field: 'Query.artist', path: ['artist'], reason: 'UPSTREAM_TIMEOUT' },
    ]);
    expect(performance.now() - startedMs).toBeLessThan(900);
  });
});

describe.each(transports)('an unreachable Spotify over %s', (transport) => {
  const upstream = (apiUrl: string) => ({
    apiUrl,
    tokenUrl: `${apiUrl}/token`,
    clientId: 'test-app',
    clientSecret: 'test-app-secret',
  });

  test('a closed port is UPSTREAM_UNAVAILABLE within a second', async () => {
    const { execute } = startGateway(upstream(`http://127.0.0.1:${await closedPort()}`), {}, transport);
    const startedMs = performance.now();
    expect(dataAndErrorCodes(await execute(artistQuery))).toEqual(artistError('UPSTREAM_UNAVAILABLE'));
    expect(performance.now() - startedMs).toBeLessThan(1_000);
  });

  test('a port without TLS is UPSTREAM_UNAVAILABLE after one attempt, and gets no request in plain text', async () => {
    const received: string[] = [];
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.on('data', (data) => {
        received.push(data.toString('latin1'));
        socket.end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}');
      });
    }).listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await new Promise((listening) => server.once('listening', listening));
    const { port } = server.address() as { port: number };
    const { execute } = startGateway(upstream(`https://127.0.0.1:${port}`), {}, transport);
    expect(dataAndErrorCodes(await execute(artistQuery))).toEqual(artistError('UPSTREAM_UNAVAILABLE'));
    expect(received).toHaveLength(1);
    for (const data of received) expect(data).not.toContain('Basic');
  });
});

describe.each(transports)('one HTTP request over %s', (transport) => {
  test('an error response is read up to the same size as any other response, and has its status', async () => {
    const { sandbox } = await startInMode('development');
    const http = httpOver(transport, 2_000);
    onTestFinished(http.close);
    const fault: Fault = { kind: 'answer', status: 500, text: 'x'.repeat(3_000_000) };
    sandbox.faults.add({ on: { route: 'token' }, fault }); // without a token only the token endpoint has faults
    const request = { method: 'GET', url: `${sandbox.apiUrl}/artists/${artists.bts}`, headers: {} } as const;
    expect(await http.requestOnce({ ...request, url: sandbox.tokenUrl })).toMatchObject({
      kind: 'response',
      status: 500,
      body: undefined,
      bytes: 0,
    });
    sandbox.faults.clear();
    expect(await http.requestOnce({ ...request, maxBytes: 10 })).toMatchObject({
      status: 401,
      body: undefined,
    });
  });

  test('a fault without a code has the name of its error', async () => {
    const http = httpOver(transport, 2_000);
    onTestFinished(http.close);
    const outcome = await http.requestOnce({
      method: 'GET',
      url: 'http://127.0.0.1:1',
      headers: { 'bad name': 'x' },
    });
    expect(outcome).toEqual({ kind: 'fault', fault: 'transport', code: expect.any(String) });
  });
});

describe('a call that does not reach Spotify', () => {
  const stallMs = 300;

  /** The fault of a call. Only a call to a server that stalls has a short timeout: a handshake may take long. */
  const noted = async (apiUrl: string, transport: Transport = 'undici', timeoutMs = 10_000) => {
    const http = httpOver(transport, timeoutMs);
    onTestFinished(http.close);
    const outcome = await http.requestOnce({ method: 'GET', url: `${apiUrl}/artists/1`, headers: {} });
    return outcome.kind === 'fault' && [outcome.fault, outcome.code, outcome.isUnsent ?? false];
  };

  /** A server that does this with each connection when it gets the first data. Returns its address. */
  async function serverThat(act: (socket: Socket) => void, port = 0): Promise<string> {
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => act(socket));
    }).listen(port, '127.0.0.1');
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    return `127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  test('an outcome states whether the request was certainly not sent', async () => {
    const stall = await serverThat(() => undefined);
    const reset = await serverThat((socket) => socket.resetAndDestroy());
    const cut = await serverThat((socket) => socket.destroy());
    const refused = `http://127.0.0.1:${await closedPort()}`;
    expect(await noted(refused)).toEqual(['transport', 'ECONNREFUSED', true]);
    expect(await noted('http://nowhere.invalid')).toEqual(['transport', expect.stringMatching(/^E/), true]);
    expect(await noted(`https://${stall}`, 'undici', stallMs)).toEqual(['timeout', 'ETIMEDOUT', true]);
    expect(await noted(`https://${cut}`)).toEqual(['tls', 'ECONNRESET', true]);
    expect(await noted(`http://${stall}`, 'undici', stallMs)).toEqual(['timeout', 'ETIMEDOUT', false]);
    expect(await noted(`http://${reset}`)).toEqual(['transport', 'ECONNRESET', false]);
    expect(await noted(`http://${cut}`)).toEqual(['transport', 'UND_ERR_SOCKET', false]);
  });

  test('over the fetch of the host, a request was certainly not sent if the connection is refused or the host unknown', async () => {
    const overHost = (apiUrl: string, timeoutMs?: number) =>
      noted(apiUrl, 'the fetch of the host', timeoutMs);
    const stall = await serverThat(() => undefined);
    const reset = await serverThat((socket) => socket.resetAndDestroy());
    const cut = await serverThat((socket) => socket.destroy());
    const refused = `http://127.0.0.1:${await closedPort()}`;
    expect(await overHost(refused)).toEqual(['transport', 'ECONNREFUSED', true]);
    expect(await overHost('http://nowhere.invalid')).toEqual([
      'transport',
      expect.stringMatching(/^E/),
      true,
    ]);
    expect(await overHost(`http://${stall}`, stallMs)).toEqual(['timeout', 'ETIMEDOUT', false]);
    expect(await overHost(`http://${reset}`)).toEqual(['transport', 'ECONNRESET', false]);
    expect(await overHost(`http://${cut}`)).toEqual(['transport', 'UND_ERR_SOCKET', false]);
  });

  test('a call that does not reach Spotify uses up no daily quota, unlike a call whose connection breaks', async () => {
    const { sandbox } = await startInMode('development');
    const port = await closedPort();
    const { execute } = startGateway(
      { ...sandbox, apiUrl: `http://127.0.0.1:${port}/v1` },
      { SPOTIFY_DAILY_LIMITS: 'artists=10' },
    );
    const read = async (times: number) => {
      for (let i = 0; i < times; i++)
        expect(dataAndErrorCodes(await execute(artistQuery))).toEqual(artistError('UPSTREAM_UNAVAILABLE'));
    };
    const quota = async () => (await execute('{ quota { family used remaining } }')).data;
    await read(5);
    expect(await quota()).toEqual({ quota: [{ family: 'artists', used: 0, remaining: 9 }] });

    let received = 0;
    await serverThat((socket) => {
      received += 1;
      socket.resetAndDestroy();
    }, port);
    await read(2);
    expect(received).toBeGreaterThan(0);
    expect(await quota()).toEqual({
      quota: [{ family: 'artists', used: received, remaining: 9 - received }],
    });
  });
});

describe('a field that waits for a call', () => {
  const fieldContext = (operation: OperationContext) => ({
    operation,
    location: () => ({ field: 'Query.artist', path: ['artist'] }),
  });

  test('a field gets the outcome, or UPSTREAM_TIMEOUT at the deadline or after it', async () => {
    const operation = createOperationContext(50);
    expect(await withDeadline(Promise.resolve(1), fieldContext(operation))).toBe(1);
    await expect(withDeadline(Promise.reject(new Error('no')), fieldContext(operation))).rejects.toThrow(
      'no',
    );
    const never = new Promise(() => undefined);
    await expect(withDeadline(never, fieldContext(operation))).rejects.toMatchObject({
      code: 'UPSTREAM_TIMEOUT',
    });
    expect(operation.hasEnded()).toBe(true);
    await expect(withDeadline(Promise.resolve(1), fieldContext(operation))).rejects.toMatchObject({
      code: 'UPSTREAM_TIMEOUT',
    });
    operation.end();
  });
});

import { once } from 'node:events';
import { createServer as createHttpServer, type IncomingMessage } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { readConfig } from '../../../../src/config.ts';
import { createBoundedFetch } from '../../../../src/datasources/spotify/transport/fetch.ts';
import { createHttp } from '../../../../src/datasources/spotify/transport/http.ts';
import { startSandbox } from '../../../../src/sandbox/index.ts';
import { catalogue } from '../../../support/catalogue.ts';
import { type Certificates, makeCertificates, startTlsFront, trust } from '../../../support/certificates.ts';
import { startGateway } from '../../../support/gateway.ts';
import {
  artistError,
  artistQuery,
  artistResult,
  artists,
  dataAndErrorCodes,
} from '../../../support/schema-tests.ts';

let certificates: Certificates;
beforeAll(() => {
  certificates = makeCertificates();
  trust(certificates.authority);
});

/** An HTTP proxy that makes tunnels. `status` is its response to a request for one. */
async function startProxy(status = 200) {
  const requests: IncomingMessage[] = [];
  const sockets = new Set<Socket>();
  const proxy = createHttpServer((_, response) => response.writeHead(500).end());
  proxy.on('connection', (socket) => sockets.add(socket));
  proxy.on('connect', (request: IncomingMessage, client: Socket) => {
    requests.push(request);
    if (status !== 200) {
      client.end(`HTTP/1.1 ${status} Refused\r\n\r\n`);
      return;
    }
    const { hostname, port } = new URL(`http://${request.url}`);
    const upstream = connect(Number(port), hostname, () => client.write('HTTP/1.1 200 OK\r\n\r\n'));
    for (const socket of [client, upstream]) socket.on('error', () => undefined);
    client.pipe(upstream).pipe(client);
    client.on('close', () => upstream.destroy());
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  onTestFinished(() => {
    proxy.close();
    for (const socket of sockets) socket.destroy();
  });
  return { port: (proxy.address() as AddressInfo).port, requests };
}

/** A sandbox behind TLS. */
async function startTlsSandbox() {
  const sandbox = await startSandbox({ catalogue });
  onTestFinished(sandbox.close);
  const defer = (end: () => unknown) => onTestFinished(async () => void (await end()));
  const port = Number(new URL(sandbox.apiUrl).port);
  const { origin } = await startTlsFront({ defer }, certificates.valid, port);
  const moved = (url: string) => origin + new URL(url).pathname;
  const upstream = { ...sandbox, apiUrl: moved(sandbox.apiUrl), tokenUrl: moved(sandbox.tokenUrl) };
  return { sandbox, upstream, host: new URL(origin).host };
}

describe('HTTPS_PROXY', () => {
  test('the proxy of HTTPS_PROXY carries the calls to Spotify, gets no token, and alone gets its credentials', async () => {
    const { upstream, host, sandbox } = await startTlsSandbox();
    const proxy = await startProxy();
    const { execute } = startGateway(upstream, { HTTPS_PROXY: `http://user:p%40ss@127.0.0.1:${proxy.port}` });
    expect(dataAndErrorCodes(await execute(artistQuery))).toEqual(artistResult);
    expect(new Set(proxy.requests.map(({ url }) => url))).toEqual(new Set([host]));
    const headersOf = (calls: readonly { headers: object }[]) =>
      JSON.stringify(calls.map(({ headers }) => headers));
    const credentials = Buffer.from('user:p@ss').toString('base64');
    expect(proxy.requests[0]?.headers['proxy-authorization']).toBe(`Basic ${credentials}`);
    expect(headersOf(proxy.requests)).not.toContain('Bearer');
    expect(sandbox.calls().map(({ kind }) => kind)).toEqual(['token', 'api']);
    expect(headersOf(sandbox.calls())).not.toContain(credentials);
  });

  test.each(['localhost', '.localhost, other.example', '*'])(
    'the proxy of HTTPS_PROXY does not carry calls to the hosts of NO_PROXY=%s',
    async (noProxy) => {
      const { upstream } = await startTlsSandbox();
      const proxy = await startProxy();
      const { execute } = startGateway(upstream, {
        HTTPS_PROXY: `http://127.0.0.1:${proxy.port}`,
        NO_PROXY: noProxy,
      });
      expect(dataAndErrorCodes(await execute(artistQuery))).toEqual(artistResult);
      expect(proxy.requests).toEqual([]);
    },
  );

  test('the proxy of HTTPS_PROXY does not carry calls over plain http', async () => {
    const sandbox = await startSandbox({ catalogue });
    onTestFinished(sandbox.close);
    const proxy = await startProxy();
    const { execute } = startGateway(sandbox, { https_proxy: `http://127.0.0.1:${proxy.port}` });
    expect(dataAndErrorCodes(await execute(artistQuery))).toEqual(artistResult);
    expect(proxy.requests).toEqual([]);
  });

  test('a proxy that rejects tunnels makes Spotify unavailable', async () => {
    const { upstream, sandbox } = await startTlsSandbox();
    const proxy = await startProxy(407);
    const { execute } = startGateway(upstream, { HTTPS_PROXY: `http://127.0.0.1:${proxy.port}` });
    expect(dataAndErrorCodes(await execute(artistQuery))).toEqual(artistError('UPSTREAM_UNAVAILABLE'));
    expect(sandbox.calls()).toEqual([]);
  });

  test('a proxy has no more tunnels than the maximum of sockets, and no new tunnel after an aborted request', async () => {
    const { upstream } = await startTlsSandbox();
    const proxy = await startProxy();
    const http = createHttp({
      timeoutMs: 5_000,
      boundedFetch: createBoundedFetch(3, { url: `http://127.0.0.1:${proxy.port}`, noProxy: '' }),
    });
    onTestFinished(http.close);
    const send = (maxBytes?: number) =>
      http.requestOnce({
        method: 'GET',
        url: `${upstream.apiUrl}/artists/${artists.bts}`,
        headers: {},
        maxBytes,
      });
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => send()));
    expect(outcomes.map((outcome) => outcome.kind === 'response' && outcome.status)).toEqual(
      Array(20).fill(401),
    );
    expect(proxy.requests).toHaveLength(3);

    expect(await send(10)).toMatchObject({ kind: 'response', body: undefined });
    await sleep(200); // in which undici would replace the socket
    expect(proxy.requests).toHaveLength(3);
  });

  test.each(['proxy.example:3128', 'socks5://proxy.example', 'ftp://user:canary@proxy.example'])(
    'HTTPS_PROXY=%s stops the start without showing credentials',
    (url) => {
      const start = () => readConfig({ HTTPS_PROXY: url });
      expect(start).toThrow(/^HTTPS_PROXY must be the http:\/\/ or https:\/\/ URL of a proxy/);
      expect(start).not.toThrow('canary');
    },
  );
});

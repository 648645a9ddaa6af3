import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createHostFetch } from '../../../../src/datasources/spotify/transport/host-fetch.ts';
import { createHttp } from '../../../../src/datasources/spotify/transport/http.ts';
import { httpOver, transports } from '../../../support/transports.ts';

async function serve(listener: RequestListener) {
  const server = createServer(listener).listen(0, '127.0.0.1');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  return { server, request: { method: 'GET', url, headers: {} } as const };
}

describe.each(transports)('one exchange over %s', (transport) => {
  test.each([301, 302, 303, 307, 308])('a redirect of status %i is not followed', async (status) => {
    const paths: unknown[] = [];
    const { request } = await serve(({ url }, response) => {
      paths.push(url);
      response.writeHead(status, { location: '/other' }).end();
    });
    const http = httpOver(transport);
    onTestFinished(http.close);
    expect(await http.requestOnce(request)).toMatchObject({ kind: 'response', status });
    expect(paths).toEqual(['/']);
  });

  test('an error response is not requested again by the transport', async () => {
    // The fetch of Node repeats a request on 421.
    const statuses = transport === 'undici' ? [421, 429, 503] : [429, 503];
    for (const status of statuses) {
      let requests = 0;
      const { request } = await serve((_, response) => {
        requests += 1;
        response.writeHead(status).end();
      });
      const http = httpOver(transport);
      onTestFinished(http.close);
      expect(await http.requestOnce(request)).toMatchObject({ kind: 'response', status });
      expect(requests).toBe(1);
    }
  });

  test('a request that takes too long is a timeout, and its socket is closed', async () => {
    const { server, request } = await serve((_, response) => void response.write('['));
    const closed = once(server, 'connection').then(([socket]) => once(socket, 'close'));
    const http = httpOver(transport, 100);
    onTestFinished(http.close);
    expect(await http.requestOnce(request)).toEqual({ kind: 'fault', fault: 'timeout', code: 'ETIMEDOUT' });
    await closed;
  });

  test('close() ends a request in flight', async () => {
    const { server, request } = await serve(() => undefined);
    const http = httpOver(transport);
    const outcome = http.requestOnce(request);
    await once(server, 'request');
    await http.close();
    expect(await outcome).toMatchObject({ kind: 'fault', fault: 'transport' });
  });
});

test('a request is a timeout also if the fetch of the host ignores its signal', async () => {
  const never = () => new Promise<never>(() => undefined);
  const http = createHttp({ timeoutMs: 20, boundedFetch: createHostFetch(never) });
  const request = { method: 'GET', url: 'http://127.0.0.1/', headers: {} } as const;
  expect(await http.requestOnce(request)).toMatchObject({ fault: 'timeout' });
});

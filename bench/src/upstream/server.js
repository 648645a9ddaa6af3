import { createServer } from 'node:http';
import { createSecureServer } from 'node:http2';
import { gzipSync } from 'node:zlib';
import { createApi } from './api.js';

/** A simulated Spotify over HTTP: a token endpoint, the Web API, a latency, and a count of the calls. */

export const credentials = { clientId: 'bench', clientSecret: 'bench' };
const token = 'bench-token';
const tokenBody = Buffer.from(
  JSON.stringify({ access_token: token, token_type: 'Bearer', expires_in: 3600 }),
);
const refusedBody = Buffer.from('{"error":{"status":401,"message":"Invalid access token"}}');
const base = 'http://upstream';

/**
 * @param mode `extended` or `development`
 * @param certificate `{ key, cert }`: the upstream then speaks HTTP/2 and HTTP/1.1 over TLS
 */
export function createUpstream(mode, certificate) {
  const { respond: api, setAlbumsPerArtist } = createApi(mode);
  let latencyMs = 0;
  let calls = {};

  const count = (family) => {
    calls[family] = (calls[family] ?? 0) + 1;
  };

  function reply({ method, url, headers }) {
    if (method === 'POST') return { family: 'token', status: 200, body: tokenBody };
    if (headers.authorization !== `Bearer ${token}`)
      return { family: 'other', status: 401, body: refusedBody };
    const { pathname, searchParams } = new URL(url, base);
    return api(pathname.slice('/v1'.length), searchParams);
  }

  function onRequest(request, response) {
    const arrivedMs = performance.now();
    request.resume();
    const { family, status, body } = reply(request);
    count(family);
    const { packing, bytes } = packed(body, request.headers['accept-encoding']);
    const send = () => response.writeHead(status, { ...headersOf(bytes), ...packing }).end(bytes);
    // The time to fill in and to compress is part of the latency.
    if (latencyMs > 0) setTimeout(send, latencyMs - (performance.now() - arrivedMs));
    else send();
  }

  const server = certificate
    ? createSecureServer({ ...certificate, allowHTTP1: true }, onRequest)
    : createServer(onRequest);
  server.keepAliveTimeout = 60_000; // so that no server needs a new connection after a pause between two rounds

  return {
    server,
    setAlbumsPerArtist,
    setLatency(milliseconds) {
      latencyMs = milliseconds;
    },
    /** The calls by family since the last call of this function, including token calls. */
    takeCalls() {
      const taken = calls;
      calls = {};
      return taken;
    },
  };
}

const shortestPacked = 1_024; // bytes

/** Compresses a response if the request accepts gzip, as Spotify does. */
function packed(body, encodings = '') {
  if (body.length < shortestPacked || !encodings.includes('gzip')) return { packing: {}, bytes: body };
  return { packing: { 'content-encoding': 'gzip' }, bytes: gzipSync(body, { level: 1 }) };
}

/** The headers of Spotify's edge in every response. They require that cached responses are revalidated. */
const headersOf = (body) => ({
  'content-type': 'application/json; charset=utf-8',
  'cache-control': 'public, max-age=0',
  etag: `"MC-${'Y'.repeat(46)}"`,
  'access-control-allow-origin': '*',
  'x-robots-tag': 'noindex, nofollow',
  'x-content-type-options': 'nosniff',
  server: 'envoy',
  via: 'HTTP/2 edgeproxy, 1.1 google',
  'content-length': body.length,
});

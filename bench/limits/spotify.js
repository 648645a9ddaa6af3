import { gunzipSync } from 'node:zlib';
import { Pool } from 'undici';
import { dispatch } from '../src/dispatch.js';

/**
 * The simplest client of Spotify: one token, as many connections as the gateway may have calls at a time, and parsed JSON
 * without validation. Responses over a distance are compressed. `--h2=n` has n connections of HTTP/2 instead, and
 * `--sockets=n` n connections of HTTP/1.1.
 */

const { SPOTIFY_API_URL, SPOTIFY_TOKEN_URL, SPOTIFY_QUOTA_MODE, UPSTREAM_CONCURRENCY } = process.env;
const { SPOTIFY_CLIENT_ID, SPOTIFY_CLIENT_SECRET } = process.env;

export const isExtended = SPOTIFY_QUOTA_MODE === 'extended';
export const albumsCeiling = isExtended ? 50 : 10;

const api = new URL(SPOTIFY_API_URL);

const numberOf = (option) => {
  const prefix = `--${option}=`;
  return Number(process.argv.find((arg) => arg.startsWith(prefix))?.slice(prefix.length) ?? 0);
};

const gzipMagic = 0x1f;
const streams = 100; // of one connection of HTTP/2
const poolOptions =
  numberOf('h2') > 0
    ? { allowH2: true, connections: numberOf('h2'), pipelining: streams }
    : { connections: numberOf('sockets') || Number(UPSTREAM_CONCURRENCY) };
const compressed = api.protocol === 'https:' ? { 'accept-encoding': 'gzip' } : {};

export function createGet() {
  const pool = new Pool(api.origin, { ...poolOptions, keepAliveTimeout: 60_000 });
  const accounts = new Pool(new URL(SPOTIFY_TOKEN_URL).origin, { connections: 1 });
  let headers;

  async function authorise() {
    const credentials = Buffer.from(`${SPOTIFY_CLIENT_ID}:${SPOTIFY_CLIENT_SECRET}`).toString('base64');
    const { bytes } = await dispatch(accounts, {
      method: 'POST',
      path: new URL(SPOTIFY_TOKEN_URL).pathname,
      headers: { authorization: `Basic ${credentials}`, 'content-type': 'application/x-www-form-urlencoded' },
      body: 'grant_type=client_credentials',
    });
    return { ...compressed, authorization: `Bearer ${JSON.parse(bytes).access_token}` };
  }

  return async (path) => {
    headers ??= authorise();
    const request = { method: 'GET', path: api.pathname + path, headers: await headers };
    const { statusCode, bytes } = await dispatch(pool, request);
    if (statusCode === 200) return JSON.parse(bytes[0] === gzipMagic ? gunzipSync(bytes) : bytes);
    throw new Error(`Spotify responded to ${path} with ${statusCode}`);
  };
}

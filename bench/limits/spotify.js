import { Pool } from 'undici';
import { dispatch } from '../src/dispatch.js';

/**
 * Spotify with nothing in between: one token, as many connections as the gateway may have calls at a time, JSON
 * parsed and trusted.
 */

const { SPOTIFY_API_URL, SPOTIFY_TOKEN_URL, SPOTIFY_QUOTA_MODE, UPSTREAM_CONCURRENCY } = process.env;
const { SPOTIFY_CLIENT_ID, SPOTIFY_CLIENT_SECRET } = process.env;

export const isExtended = SPOTIFY_QUOTA_MODE === 'extended';
export const albumsCeiling = isExtended ? 50 : 10;

const api = new URL(SPOTIFY_API_URL);

export function createGet() {
  const pool = new Pool(api.origin, { connections: Number(UPSTREAM_CONCURRENCY), keepAliveTimeout: 60_000 });
  let headers;

  async function authorise() {
    const credentials = Buffer.from(`${SPOTIFY_CLIENT_ID}:${SPOTIFY_CLIENT_SECRET}`).toString('base64');
    const { bytes } = await dispatch(pool, {
      method: 'POST',
      path: new URL(SPOTIFY_TOKEN_URL).pathname,
      headers: { authorization: `Basic ${credentials}`, 'content-type': 'application/x-www-form-urlencoded' },
      body: 'grant_type=client_credentials',
    });
    return { authorization: `Bearer ${JSON.parse(bytes).access_token}` };
  }

  return async (path) => {
    headers ??= authorise();
    const request = { method: 'GET', path: api.pathname + path, headers: await headers };
    const { statusCode, bytes } = await dispatch(pool, request);
    if (statusCode === 200) return JSON.parse(bytes);
    throw new Error(`Spotify answered ${path} with ${statusCode}`);
  };
}

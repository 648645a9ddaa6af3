import { createHash, timingSafeEqual } from 'node:crypto';
import type { Plugin } from 'graphql-yoga';
import { parseReference, type Spotify, type SpotifyId } from '../../datasources/spotify/index.ts';
import { BadUserInput, GatewayError } from '../../errors.ts';
import { parseJson } from '../../json.ts';
import { maxIds } from '../../schema/argument-limits.ts';
import { maxQuotedCharacters, shortened } from '../../text.ts';

/** Removes objects from the cache: for an operator who knows that Spotify has changed them, or who has to delete them. */

const maxPurgeBytes = 64_000; // a hundred of the longest links

/**
 * Serves `POST /purge`. Its body is JSON: `{"ids": […]}` with ids, URIs or links.
 * @param token clients send it as a bearer token
 */
export const usePurge = (path: string, token: string, purge: Spotify['purge']): Plugin => ({
  async onRequest({ request, url, endResponse, fetchAPI: { Response } }) {
    if (url.pathname !== path) return;
    const fail = (status: number, message: string, headers: Record<string, string> = {}) => {
      const code = status === 401 ? 'UNAUTHORIZED' : 'BAD_REQUEST';
      endResponse(Response.json({ errors: [{ message, extensions: { code } }] }, { status, headers }));
    };
    if (request.method !== 'POST') return fail(405, 'Send a POST request.', { allow: 'POST' });
    const sentToken = /^bearer +(.*)$/i.exec(request.headers.get('authorization') ?? '')?.[1];
    if (sentToken === undefined || !isSame(sentToken, token)) {
      const message = 'Send the value of PURGE_TOKEN as a bearer token.';
      return fail(401, message, { 'www-authenticate': 'Bearer' });
    }
    const body = await textOf(request);
    if (body === null) return fail(413, `Send a body of at most ${maxPurgeBytes} bytes.`);
    try {
      const ids = parseIds(body);
      await purge(ids);
      endResponse(Response.json({ purged: ids.length }));
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      fail(400, error.message);
    }
  },
});

/** The body; null if it is too large. It is read to its end: to stop before would close the connection without a response. */
async function textOf({ body }: Request): Promise<string | null> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body ?? []) {
    bytes += chunk.byteLength;
    if (bytes <= maxPurgeBytes) chunks.push(chunk);
  }
  return bytes <= maxPurgeBytes ? Buffer.concat(chunks).toString() : null;
}

/** @throws BadUserInput if the body is not as documented */
function parseIds(body: string): SpotifyId[] {
  const ids = idListIn(body);
  if (!Array.isArray(ids) || !ids.every((id) => typeof id === 'string'))
    throw new BadUserInput('Send JSON such as {"ids": ["spotify:album:…"]}: ids, URIs or links.');
  if (ids.length > maxIds)
    throw new BadUserInput(`At most ${maxIds} ids at a time; these are ${ids.length}.`);
  return ids.map((id, index) => idOf(id, index));
}

/** @throws BadUserInput, which names the text and its position: one of a hundred is hard to find */
function idOf(text: string, index: number): SpotifyId {
  try {
    return parseReference(text).id;
  } catch (error) {
    if (!(error instanceof BadUserInput)) throw error;
    const shown = JSON.stringify(shortened(text, maxQuotedCharacters));
    throw new BadUserInput(`ids[${index}] is ${shown}. ${error.message}`);
  }
}

function idListIn(body: string): unknown {
  const json = parseJson(body);
  return typeof json === 'object' && json !== null && 'ids' in json ? json.ids : json;
}

/** Compares texts in constant time, so that the time does not show the position of the first difference. */
const isSame = (one: string, other: string): boolean => timingSafeEqual(digest(one), digest(other));

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

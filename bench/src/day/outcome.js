import { request } from 'undici';
import { endCursorOf } from './visited-pages.js';

/** One visit: the request of a client, and how much of its data the response has. */

const headers = {
  'content-type': 'application/json',
  accept: 'application/graphql-response+json, application/json',
  'x-spotify-trace': '1',
};

/**
 * @param cursors the last cursor of each artist page, as a browser keeps it
 * @returns `full` (all data, fresh), `stale` (all data, some of it past its freshness), `part` (fewer items than there
 * are) or `none`
 */
export async function visitOutcome(origin, visit, cursors) {
  let after = null;
  if (visit.before) {
    const { key } = visit.before;
    if (!cursors.has(key)) await execute(origin, visit.before, null, cursors);
    after = cursors.get(key);
    if (after === undefined) return 'none'; // without a cursor a client cannot continue the list
  }
  return execute(origin, visit, after, cursors);
}

async function execute(origin, { key, query, variables, itemsOf, expected }, after, cursors) {
  const body = JSON.stringify({ query, variables: { ...variables, ...(after !== null && { after }) } });
  // A new connection, because the server closes those that were idle while the clock moved.
  const response = await request(`${origin}/graphql`, { method: 'POST', headers, body, reset: true });
  const { data, extensions } = await response.body.json();
  const items = itemsOf(data ?? {})?.filter(Boolean);
  if (!items || (items.length === 0 && expected > 0)) return 'none';
  if (items.length < expected) return 'part';
  const cursor = endCursorOf(data);
  if (cursor !== null) cursors.set(key, cursor);
  return extensions?.spotify?.stale?.length > 0 ? 'stale' : 'full';
}

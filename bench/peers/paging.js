import { isExtended } from './spotify.js';

/** Relay connections over offsets, with the largest pages that the quota mode allows. */

export const ceilings = { albums: isExtended ? 50 : 10, tracks: 50, episodes: 50, items: 50 };
export const defaultFirst = 20;

const prefix = 'offset:';
const encode = (slot) => Buffer.from(`${prefix}${slot}`).toString('base64');

/** The first slot of a window. */
export const startOf = (after) =>
  after == null ? 0 : Number(Buffer.from(after, 'base64').toString().slice(prefix.length)) + 1;

export function connection({ total, items }, start) {
  const edges = items.map((node, i) => ({ cursor: encode(start + i), node }));
  return {
    totalCount: total,
    pageInfo: {
      hasNextPage: start + items.length < total,
      hasPreviousPage: start > 0,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
    edges,
  };
}

/**
 * Reads the pages of a window concurrently.
 * @param page reads one page by its offset and limit
 */
export async function readWindow(first, start, ceiling, page) {
  const offsets = [];
  for (let offset = start; offset < start + first; offset += ceiling) offsets.push(offset);
  const pages = await Promise.all(
    offsets.map((offset) => page({ offset, limit: Math.min(ceiling, start + first - offset) })),
  );
  return connection({ total: pages[0].total, items: pages.flatMap(({ items }) => items) }, start);
}

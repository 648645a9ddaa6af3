import type { Kind } from './ids.ts';
import type { Market } from './markets.ts';

/** Names an object in the caches; an artist is the same in every market. */
export const objectKey = (kind: Kind, id: string, market: Market | null): string =>
  `${kind}/${id}${kind === 'artist' ? '' : marketQuery(market)}`;

export const marketQuery = (market: Market | null): string => (market === null ? '' : `?market=${market}`);

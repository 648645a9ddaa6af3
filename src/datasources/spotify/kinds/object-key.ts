import { getKind, type KindRegistry } from './kind.ts';
import type { Market } from './markets.ts';

/** The name of an object in the caches; the key of an object that is the same in every market has no market. */
export const objectKey = (kinds: KindRegistry, kind: string, id: string, market: Market | null): string =>
  `${kind}/${id}${getKind(kinds, kind).takesMarket ? marketQuery(market) : ''}`;

export const marketQuery = (market: Market | null): string => (market === null ? '' : `?market=${market}`);

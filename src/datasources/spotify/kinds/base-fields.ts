import { expectString, type Json, MalformedAnswer } from './json.ts';
import type { DecodeOptions } from './kind.ts';
import type { Market } from './markets.ts';
import { readIdOf, type SpotifyId } from './spotify-id.ts';
import { externalUrl, type Sent } from './values.ts';

/** The fields that every object has which was decoded from JSON of its own. */
export interface BaseFields {
  id: SpotifyId;
  name: string;
  externalUrl: Sent<string>;
  market: Market | null;
  full: boolean;
}

/** @throws MalformedAnswer without a readable id and name, and if the object is not the requested one */
export function baseFields(
  json: Json,
  kind: string,
  { full, market, id: requestedId }: DecodeOptions,
): BaseFields {
  const id = readIdOf(kind, expectString(json, 'id', kind));
  if (id === null || (requestedId && requestedId !== id)) throw new MalformedAnswer(`${kind}.id`);
  if (typeof json['type'] === 'string' && json['type'] !== kind) throw new MalformedAnswer(`${kind}.type`);
  return { id, name: expectString(json, 'name', kind), externalUrl: externalUrl(json, kind), market, full };
}

/** The options for the simplified objects inside an object or on a page. */
export const simplifiedOptions = ({
  market,
  kinds,
  simplified = new Map(),
}: Pick<DecodeOptions, 'market' | 'kinds' | 'simplified'>): DecodeOptions => ({
  full: false,
  market,
  kinds,
  simplified,
});

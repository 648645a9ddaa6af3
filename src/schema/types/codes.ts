import {
  type Decoded,
  type ExternalIds,
  isMalformed,
  type KindOf,
  type Market,
} from '../../datasources/spotify/index.ts';
import { BadUserInput } from '../../errors.ts';
import { marketArg, rootMarket } from '../arguments.ts';
import { builder } from '../builder.ts';
import { type Context, type FieldRead, fieldRead } from '../context.ts';
import { codeSearchCost } from '../planning/search-costs.ts';
import { itemOrError } from '../resolvers.ts';
import { Album, Track } from './object-types.ts';

/** The root fields that find an object by a code from outside Spotify. */

/** How many results are compared: the smallest page, so that one call is enough for every app. */
const maxResults = 10;

builder.queryFields((t) => ({
  trackByIsrc: t.field({
    type: Track,
    nullable: true,
    extensions: { cost: codeSearchCost('track', ({ isrc }) => `isrc:${parseIsrc(String(isrc))}`) },
    description:
      'The track with an ISRC, found with one search; null where there is none. If several tracks have it, the one that Spotify lists first.',
    args: {
      isrc: t.arg.string({
        required: true,
        description: 'International Standard Recording Code: 12 letters and digits, with or without hyphens.',
      }),
      market: marketArg(t),
    },
    resolve: (_, args, context, info) => {
      const isrc = parseIsrc(args.isrc);
      const market = rootMarket(args, context, info);
      const isMatch = (ids: Decoded<ExternalIds>) =>
        hasCode(ids, ['isrc'], (code) => withoutHyphens(code) === isrc);
      return findByCode('track', `isrc:${isrc}`, market, isMatch, context, fieldRead(context, info));
    },
  }),
  albumByUpc: t.field({
    type: Album,
    nullable: true,
    extensions: { cost: codeSearchCost('album', ({ upc }) => `upc:${parseUpc(String(upc))}`) },
    description:
      'The album with a UPC or an EAN, found with one search; null where there is none. If several albums have it, the one that Spotify lists first.',
    args: {
      upc: t.arg.string({
        required: true,
        description: 'Universal Product Code or International Article Number: 12 to 14 digits.',
      }),
      market: marketArg(t),
    },
    resolve: (_, args, context, info) => {
      const upc = parseUpc(args.upc);
      const market = rootMarket(args, context, info);
      const isMatch = (ids: Decoded<ExternalIds>) =>
        hasCode(ids, ['upc', 'ean'], (code) => withoutZeros(code) === withoutZeros(upc));
      return findByCode('album', `upc:${upc}`, market, isMatch, context, fieldRead(context, info));
    },
  }),
}));

/**
 * The first result with the code, otherwise the first one whose codes Spotify does not send: its search has compared them.
 * A result that cannot be read is an error only if there is no such result.
 */
async function findByCode<K extends 'album' | 'track'>(
  kind: K,
  q: string,
  market: Market | null,
  isMatch: (ids: Decoded<ExternalIds>) => boolean | null,
  { spotify }: Context,
  { fieldContext }: FieldRead,
): Promise<KindOf[K] | null> {
  const windowArgs = { first: maxResults, last: null, after: null, before: null };
  const window = await spotify.window(spotify.search(kind, q, market), windowArgs, fieldContext);
  const items = window?.slots.map(({ item }) => item) ?? [];
  const readable = items.filter((item): item is KindOf[K] => !isMalformed(item));
  const found =
    readable.find(({ externalIds }) => isMatch(externalIds) === true) ??
    readable.find(({ externalIds }) => isMatch(externalIds) === null);
  const malformed = items.find(isMalformed);
  if (found || !malformed) return found ?? null;
  return itemOrError<KindOf[K]>(malformed, () => fieldContext);
}

/** Whether an object has the code; null if Spotify does not send its codes, as in simplified albums. */
function hasCode(
  ids: Decoded<ExternalIds>,
  names: readonly (keyof ExternalIds)[],
  isEqual: (code: string) => boolean,
): boolean | null {
  if (ids === undefined || isMalformed(ids)) return null;
  const codes = names.map((name) => ids[name]).filter((code) => typeof code === 'string');
  return codes.length === 0 ? null : codes.some(isEqual);
}

/** @throws BadUserInput for a text that is no ISRC */
function parseIsrc(text: string): string {
  const isrc = withoutHyphens(text);
  if (/^[A-Z]{2}[A-Z0-9]{3}[0-9]{7}$/.test(isrc)) return isrc;
  throw new BadUserInput(
    '`isrc` is not an ISRC: it has 2 letters, 3 letters or digits, and 7 digits, such as GBCEL1300362.',
  );
}

/** @throws BadUserInput for a text that is no UPC or EAN */
function parseUpc(text: string): string {
  const upc = text.trim();
  if (/^[0-9]{12,14}$/.test(upc)) return upc;
  throw new BadUserInput('`upc` is not a UPC or an EAN: it has 12 to 14 digits, such as 887828031795.');
}

const withoutHyphens = (text: string): string => text.trim().replaceAll('-', '').toUpperCase();

/** A UPC is an EAN without its leading zero. */
const withoutZeros = (text: string): string => text.replace(/^0+/, '');

import {
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  isAbstractType,
  isEnumType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
} from 'graphql';
import {
  type Kind,
  kindNames,
  kinds,
  type Market,
  parseId,
  parseMarket,
  type SpotifyId,
  uriOf,
} from '../../src/datasources/spotify/index.ts';
import { artistAlbums, groupOrder } from '../../src/datasources/spotify/kinds/album.ts';
import { audiobookChapters } from '../../src/datasources/spotify/kinds/chapter.ts';
import { showEpisodes } from '../../src/datasources/spotify/kinds/episode.ts';
import { type SpotifyObject, typedKinds } from '../../src/datasources/spotify/kinds/index.ts';
import { fallbackMarket } from '../../src/datasources/spotify/kinds/markets.ts';
import { playlistItems } from '../../src/datasources/spotify/kinds/playlist.ts';
import { pagedList } from '../../src/datasources/spotify/kinds/requests/lists.ts';
import { searchResults } from '../../src/datasources/spotify/kinds/requests/search.ts';
import { albumTracks } from '../../src/datasources/spotify/kinds/track.ts';
import { base62, createRandom, type Random } from '../../src/sandbox/catalogue/random.ts';
import type { Catalogue } from '../../src/sandbox/index.ts';
import { cursorsOf } from '../../src/schema/relay/page-arguments.ts';
import { typeNames } from '../../src/schema/types/object-types.ts';

/** Random operations: random selections from the schema. All of them are valid. */

interface RandomOperation {
  document: string;
  variables: Record<string, unknown>;
}

/** The object whose fields are being selected, as far as cursors of its lists need it. */
interface Place {
  kind?: Kind;
  /** The id, if the object is a single one whose id is known. */
  id?: string;
  q?: string;
  market: string | null;
}

const maxDepth = 11; // the gateway's own limit is 15
const maxWidth = 5;
const maxAliases = 80;
const words = ['love', 'the', 'night', 'BTS', 'Twin Beds', 'album:Rooms', 'year:1999-2003', 'zzzzzzzzzzzz'];
const invalidWords = [' ', '*', 'x'.repeat(251)];
const markets = ['DE', 'ES', 'KR', 'US'];
const invalidMarkets = ['us', 'ZZ', '../'];
const invalidIds = [
  '',
  '../me',
  'spotify:user:4rOoJ6Egrf8K2IrywzwOMk',
  'https://evil.example/artist/1',
  'x'.repeat(600),
];
const sizes = [0, 1, 2, 5, 10, 11, 20, 21, 50, 51, 100];
const invalidSizes = [-1, 101];
const invalidCursors = ['', 'abc', 'NaN', 'MS4wLjAuLg'];

/**
 * @param seed equal seeds make equal operations
 * @param size the approximate number of fields
 */
export function randomOperation(
  schema: GraphQLSchema,
  catalogue: Catalogue,
  seed: number,
  size: number,
): RandomOperation {
  const random = createRandom(`operation:${seed}`);
  const values = createValues(random, catalogue);
  const declared = new Map<string, string>();
  const variables: Record<string, unknown> = {};
  const fragments: string[] = [];
  let fieldsLeft = size;
  let names = 0;

  const newName = (): string => {
    names += 1;
    return `n${names}`;
  };

  function selection(type: GraphQLObjectType, depth: number, place: Place): string {
    // The value of `quota` differs between runs.
    const fields = Object.values(type.getFields()).filter(({ name }) => name !== 'quota');
    const usable = depth < maxDepth && fieldsLeft > 0 ? fields : fields.filter(isLeaf);
    // Half of the fields have selections of their own, or most operations would be flat.
    const compositeFields = usable.filter((field) => !isLeaf(field));
    const chosen = Array.from({ length: random.between(1, maxWidth) }, () =>
      compositeFields.length > 0 && random.chance(0.55) ? any(random, compositeFields) : any(random, usable),
    );
    const texts = chosen.map((field) => field && fieldText(field, depth, place)).filter(Boolean);
    return `{ ${wrapped(type, texts.length > 0 ? texts.join(' ') : '__typename')} }`;
  }

  /** The fields without a fragment, in an inline fragment, or in a named one. */
  function wrapped(type: GraphQLObjectType, fields: string): string {
    if (random.chance(0.85) || type.name === 'Query') return fields;
    if (random.chance(0.5)) return `__typename ... on ${type.name} ${directive()} { ${fields} }`;
    const name = newName();
    fragments.push(`fragment ${name} on ${type.name} { ${fields} }`);
    return `__typename ...${name} ${directive()}`;
  }

  function fieldText(field: AnyField, depth: number, place: Place): string {
    fieldsLeft -= 1;
    const isPlain = field.args.length === 0 && isLeaf(field);
    if (!isPlain && names >= maxAliases) return '__typename';
    const { text, args } = argumentsOf(field, place);
    const alias = isPlain ? '' : `${newName()}: `;
    return `${alias}${field.name}${text} ${directive()} ${below(field, depth, placeBelow(field, place, args))}`;
  }

  function below(field: AnyField, depth: number, place: Place): string {
    const type = getNamedType(field.type);
    if (isAbstractType(type)) {
      const kinds = schema.getPossibleTypes(type).filter(() => random.chance(0.7));
      const parts = kinds.map((each) => `... on ${each.name} ${selection(each, depth + 1, place)}`);
      return `{ __typename ${parts.join(' ')} }`;
    }
    return isObjectType(type) ? selection(type, depth + 1, place) : '';
  }

  /** `@include` and `@skip`, by constants and by variables. */
  function directive(): string {
    if (random.chance(0.88)) return '';
    const value = random.chance(0.5);
    const name = any(random, ['include', 'skip']) ?? 'include';
    return `@${name}(if: ${random.chance(0.5) ? value : variable('Boolean!', value)})`;
  }

  function variable(type: string, value: unknown): string {
    const name = newName();
    declared.set(name, type);
    variables[name] = value;
    return `$${name}`;
  }

  function argumentsOf(field: AnyField, place: Place) {
    const args: Record<string, unknown> = {};
    for (const arg of field.args) {
      if (isNonNullType(arg.type) || random.chance(chanceOf(arg))) args[arg.name] = null;
    }
    // The gateway rejects `first` together with `last`, so few operations have both.
    if ('first' in args && 'last' in args && random.chance(0.9))
      delete args[any(random, ['first', 'last']) ?? ''];
    const texts = field.args
      .filter(({ name }) => name in args)
      .map((arg) => {
        const value = values.of(field, arg, { ...place, market: marketOf(args, place) }, args);
        args[arg.name] = value;
        const isVariable = random.chance(0.3) || isJson(arg);
        return `${arg.name}: ${isVariable ? variable(String(arg.type), value) : literal(value, arg)}`;
      });
    return { text: texts.length > 0 ? `(${texts.join(', ')})` : '', args };
  }

  const query = schema.getQueryType();
  const body = query ? selection(query, 1, { market: null }) : '';
  const header = Array.from(declared, ([name, type]) => `$${name}: ${type}`).join(', ');
  return {
    document: [`query Random${header === '' ? '' : `(${header})`} ${body}`, ...fragments].join('\n'),
    variables,
  };
}

type AnyField = GraphQLField<unknown, unknown>;

const isLeaf = ({ type }: AnyField): boolean => isLeafType(getNamedType(type));

/** Values of the type have no literal in a document, so they are variables. */
const isJson = ({ type }: GraphQLArgument): boolean => getNamedType(type).name === '_Any';

function any<T>(random: Random, list: readonly T[]): T | undefined {
  return list[random.below(list.length)];
}

const chanceOf = ({ name }: GraphQLArgument): number =>
  ({ first: 0.7, last: 0.15, after: 0.2, before: 0.1, market: 0.15 })[name] ?? 0.3;

function literal(value: unknown, { type }: GraphQLArgument): string {
  const isEnum = isEnumType(getNamedType(type));
  return isEnum && isListType(type) ? `[${String(value)}]` : JSON.stringify(value);
}

const marketOf = ({ market }: Record<string, unknown>, place: Place): string | null =>
  typeof market === 'string' ? market : place.market;

/** The kinds that a search finds. */
export const searchableKinds = kindNames.filter(
  (kind): kind is Exclude<Kind, 'chapter'> => kinds[kind].isSearchable,
);

/** The kind of the objects that a field returns, by the name of the field. */
const kindOf: Readonly<Record<string, Kind>> = Object.fromEntries(
  kindNames.flatMap((kind) => [
    [kind, kind],
    [kinds[kind].plural, kind],
  ]),
);

/** The place of a field's selection. */
function placeBelow(field: AnyField, place: Place, args: Record<string, unknown>): Place {
  const market = marketOf(args, place);
  const kind = kindOf[field.name];
  const { id, q } = args;
  if (typeof q === 'string') return { q: q.trim(), market };
  if (typeof id === 'string' && kind) return { kind, id, market };
  return /^(?:edges|node|nodes|pageInfo)$/.test(field.name) ? { market } : { ...place, market };
}

/** Arguments: mostly valid ones, and invalid ones of every sort. */
function createValues(random: Random, catalogue: Catalogue) {
  // So few objects that operations often select the same ones.
  const artists = catalogue.artists().slice(0, 24);
  const albums = artists
    .flatMap(({ id }) => catalogue.albumsOf(id).slice(0, 4))
    .flatMap((slot) => (slot.shows === 'album' ? [slot.albumId] : []))
    .concat(Object.values(catalogue.fixtures.albums));
  const shows = catalogue.shows().slice(0, 16);
  const episodesOf = (showId: string) =>
    catalogue.episodesOf(showId).map((slot) => (slot.shows === 'episode' ? slot.episodeId : null));
  const audiobooks = catalogue.audiobooks().slice(0, 12);
  const chaptersOf = (audiobookId: string) =>
    catalogue.chaptersOf(audiobookId).map((slot) => (slot.shows === 'chapter' ? slot.chapterId : null));
  const partsOf = {
    show: {
      field: 'episodes',
      idsOf: episodesOf,
      listOf: (id: SpotifyId, market: Market) => pagedList(showEpisodes, id, undefined, market),
    },
    audiobook: {
      field: 'chapters',
      idsOf: chaptersOf,
      listOf: (id: SpotifyId, market: Market) => pagedList(audiobookChapters, id, undefined, market),
    },
    playlist: {
      field: 'items',
      idsOf: (id: string): (string | null)[] => catalogue.itemsOf(id).map(() => null),
      listOf: (id: SpotifyId, market: Market) => pagedList(playlistItems, id, undefined, market),
    },
  };
  const pools: Record<Kind, () => string | undefined> = {
    artist: () => any(random, artists)?.id,
    album: () => any(random, albums),
    track: () => any(random, catalogue.tracksOf(any(random, albums) ?? ''))?.id,
    show: () => any(random, shows)?.id,
    episode: () => any(random, episodesOf(any(random, shows)?.id ?? '')) ?? undefined,
    audiobook: () => any(random, audiobooks)?.id,
    chapter: () => any(random, chaptersOf(any(random, audiobooks)?.id ?? '')) ?? undefined,
    playlist: () => any(random, catalogue.playlists().slice(0, 16))?.id,
  };

  /** The market. @throws if a show or an audiobook is not available there: then no client has a cursor of its list */
  function whereAvailable(id: string, market: Market): Market {
    const found = [...catalogue.shows(), ...catalogue.audiobooks()].find((each) => each.id === id);
    if (found?.markets.includes(market) === false) throw new Error(`${id} is not available in ${market}`);
    return market;
  }

  const usually = <T>(share: number, usual: T, other: T): T => (random.chance(share) ? usual : other);

  function id(kind: Kind): string {
    const known = pools[kind]() ?? '';
    const unknown = `${random.below(7)}${random.text(base62, 21)}`;
    const outOfRange = `z${random.text(base62, 21)}`;
    if (!random.chance(0.9)) return any(random, invalidIds) ?? '';
    return written(kind, random.chance(0.85) ? known : (any(random, [unknown, outOfRange]) ?? unknown));
  }

  function written(kind: Kind, bare: string): string {
    const link = `https://open.spotify.com/${kind}/${bare}?si=1`;
    if (random.chance(0.7)) return bare;
    return any(random, [uriOf({ kind, id: bare }), `spotify:${kind}:${bare}`, link]) ?? bare;
  }

  const anyKind = (): Kind => any(random, kindNames) ?? 'artist';

  function cursor(field: AnyField, place: Place, args: Record<string, unknown>): string {
    // Where the operation names no market, the cursor may name one.
    const market = place.market ?? (random.chance(0.6) ? null : (any(random, markets) ?? null));
    const found = listOf(field, { ...place, market }, args);
    if (!random.chance(0.9)) return any(random, invalidCursors) ?? '';
    const { total, idAt } = found ?? { total: 30, idAt: () => null };
    const slot = random.below(Math.max(1, total + 2));
    const moved = random.chance(0.9) ? 0 : random.between(-2, 2);
    return cursorsOf(found?.list ?? { key: 'another list', market: null }).encode({
      slot,
      id: random.chance(0.5) ? idAt(slot) : null,
      total: Math.max(0, total + moved),
    });
  }

  /** The list that a field pages through; null if it cannot be determined. */
  function listOf(
    field: AnyField,
    { kind, id: input, q, market: code }: Place,
    args: Record<string, unknown>,
  ) {
    try {
      const market = code === null ? null : parseMarket(code);
      const found = searchableKinds.find((each) => kinds[each].plural === field.name);
      if (q !== undefined && found) {
        const total = Math.min(catalogue.find(found, q).length, 1_000);
        return {
          list: searchResults<SpotifyObject>(typedKinds[found], q, market),
          total,
          idAt: () => null,
        };
      }
      if (kind === 'artist' && field.name === 'albums' && input !== undefined) {
        const bare = parseId(input, 'artist');
        const groups = groupOrder.filter(
          (group) => Array.isArray(args['includeGroups']) && args['includeGroups'].includes(group),
        );
        const slots = catalogue.albumsOf(bare);
        const idAt = (slot: number) => {
          const at = slots[slot];
          return at?.shows === 'album' ? at.albumId : null;
        };
        return { list: pagedList(artistAlbums, bare, groups, market), total: slots.length, idAt };
      }
      if (kind === 'album' && field.name === 'tracks' && input !== undefined) {
        const bare = parseId(input, 'album');
        const tracks = catalogue.tracksOf(bare);
        return {
          list: pagedList(albumTracks, bare, undefined, market),
          total: tracks.length,
          idAt: (slot: number) => tracks[slot]?.id ?? null,
        };
      }
      const parts =
        kind === 'show' || kind === 'audiobook' || kind === 'playlist' ? partsOf[kind] : undefined;
      if (kind && parts?.field === field.name && input !== undefined) {
        const bare = parseId(input, kind);
        const ids = parts.idsOf(bare);
        return {
          list: parts.listOf(bare, whereAvailable(bare, market ?? fallbackMarket)),
          total: ids.length,
          idAt: (slot: number) => ids[slot] ?? null,
        };
      }
    } catch {
      // With an invalid id or market, or where the object is not available, no cursor is valid either.
    }
    return null;
  }

  const some = <T>(most: number, make: () => T): T[] => Array.from({ length: random.between(0, most) }, make);

  return {
    of(field: AnyField, { name }: GraphQLArgument, place: Place, args: Record<string, unknown>): unknown {
      switch (name) {
        case 'id':
          if (field.name === 'category') return any(random, ['party', 'jazz', 'nonsense', '../me']);
          return id(kindOf[field.name] ?? anyKind());
        case 'ids':
          return some(usually(0.9, 5, 40), () => id(kindOf[field.name] ?? anyKind()));
        case 'first':
        case 'last':
          if (!random.chance(0.95)) return any(random, invalidSizes);
          return any(random, sizes.slice(0, usually(0.8, 8, sizes.length)));
        case 'after':
        case 'before':
          return cursor(field, place, args);
        case 'market':
          return any(random, usually(0.9, markets, invalidMarkets));
        case 'q':
          return any(random, usually(0.95, words, invalidWords));
        case 'minWidth':
          return any(random, [-1, 0, 300, 5_000]);
        case 'isrc':
          return any(random, ['QZM662180844', 'QZZZZ0000000', 'no code']);
        case 'upc':
          return any(random, ['811974056331', '000000000000', 'no code']);
        case 'includeGroups':
          return random.chance(0.95) ? some(3, () => any(random, groupOrder)) : ['OTHER'];
        case 'locale':
          return any(random, ['sv_SE', 'Swedish']);
        case 'type':
          return some(3, () => any(random, searchableKinds)?.toUpperCase());
        case 'representations':
          return some(4, () => {
            const kind = anyKind();
            return { __typename: typeNames[kind], id: id(kind) };
          });
        default:
          throw new Error(`a new argument, ${name}: add values for it here`);
      }
    },
  };
}

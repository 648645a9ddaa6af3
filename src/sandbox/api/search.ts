import type { Track } from '../catalogue/model.ts';
import { type Ask, readMarket, readWindow } from './ask.ts';
import { isListed, trackIn } from './availability.ts';
import { createObjects, marketParameter, type Objects, type Wire } from './objects.ts';
import { cut, writePage } from './page.ts';
import { badSearchType, beyondSearch, noQuery, noSearchType, queryTooLong } from './refusals.ts';

const longestQuery = 250; // characters before escaping
// Nothing is found beyond this place, and no total exceeds it.
const lastPlace = 1000;

/** Every type that Spotify knows, with the name of its page. The catalogue holds the first three. */
const pageNames = {
  artist: 'artists',
  album: 'albums',
  track: 'tracks',
  playlist: 'playlists',
  show: 'shows',
  episode: 'episodes',
  audiobook: 'audiobooks',
} as const;
type SearchType = keyof typeof pageNames;
const findable = ['artist', 'album', 'track'] as const satisfies readonly SearchType[];

/** Makes the indexes of the types that are searched. */
export function prepareSearch({ catalogue, query }: Ask): Promise<void> {
  const types = (query.get('type') ?? '').split(',');
  return catalogue.prepareSearch(findable.filter((kind) => types.includes(kind)));
}

/** GET /search */
export function readSearch(ask: Ask): unknown {
  const market = readMarket(ask);
  const q = readQuery(ask);
  const types = readTypes(ask);
  const window = readWindow(ask, 'search');
  if (window.offset + window.limit > lastPlace) throw beyondSearch();

  const objects = createObjects(ask, market);
  const pages = types.map((type) => {
    const found = find(ask, type, q, market);
    const total = Math.min(found.length, lastPlace);
    // The text comes back as `query`, and each page's links name that page's type alone.
    const parameters = [
      ['query', encodeURIComponent(q)] as const,
      ['type', type] as const,
      ...marketParameter(market),
    ];
    const items = cut(found, window).map((write) => write(objects));
    return [pageNames[type], writePage(ask, 'search', { window, total, parameters }, items)];
  });
  return Object.fromEntries(pages);
}

function readQuery({ query }: Ask): string {
  const q = query.get('q') ?? '';
  if (q.trim() === '' || q.trim() === '*') throw noQuery();
  if (Array.from(q).length > longestQuery) throw queryTooLong(longestQuery);
  return q;
}

function readTypes({ query }: Ask): SearchType[] {
  const text = query.get('type') ?? '';
  if (text === '') throw noSearchType();
  return text.split(',').map((type) => {
    if (!isSearchType(type)) throw badSearchType(type);
    return type;
  });
}

const isSearchType = (type: string): type is SearchType => Object.hasOwn(pageNames, type);

/** What was found, as functions that write it, so that only the window is written. */
function find(
  { catalogue }: Ask,
  type: SearchType,
  q: string,
  market: string | null,
): readonly ((objects: Objects) => Wire)[] {
  const isPlayable = (track: Track) =>
    market === null || trackIn(catalogue, track, market).restriction !== 'market';
  switch (type) {
    case 'artist':
      return catalogue.find('artist', q).map((artist) => (objects) => objects.artist(artist));
    case 'album': {
      const listed = catalogue.find('album', q).filter((album) => isListed(album, market));
      return listed.map((album) => (objects) => objects.album(album));
    }
    case 'track':
      return catalogue
        .find('track', q)
        .filter(isPlayable)
        .map((track) => (objects) => objects.track(track));
    default:
      return [];
  }
}

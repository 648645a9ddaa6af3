import type { Track } from '../catalogue/model.ts';
import { createAudiobookObjects } from './audiobook-objects.ts';
import { isListed, trackIn } from './availability.ts';
import { badSearchType, beyondSearch, noQuery, noSearchType, queryTooLong } from './error-responses.ts';
import { type JsonObject, marketParameter } from './object-parts.ts';
import { createObjects, type Objects } from './objects.ts';
import { slice, writePage } from './page.ts';
import { createPlaylistObjects } from './playlist-objects.ts';
import { isVisible } from './playlists.ts';
import { createPodcastObjects } from './podcast-objects.ts';
import { type RequestContext, readMarket, readWindow } from './request-context.ts';

const longestQuery = 250; // characters before escaping
// A search has no results beyond this offset, and no total exceeds it.
const lastPlace = 1000;

/** Spotify's search types, with the names of their pages. */
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

/**
 * Without a market, Spotify regards these as unavailable: the page has its total, and null in place of every item
 * (spotify/web-api#1589, guilhermesad/rspotify#253, thelinmichael/spotify-web-api-node#435).
 */
const typesOfMarkets: readonly SearchType[] = ['show', 'episode', 'audiobook'];

/** Creates the search indexes of the requested types. */
export function prepareSearch({ catalogue, query }: RequestContext): Promise<void> {
  const types = (query.get('type') ?? '').split(',');
  return catalogue.prepareSearch(types.filter(isSearchType));
}

/** GET /search */
export function readSearch(request: RequestContext): unknown {
  const market = readMarket(request);
  const q = readQuery(request);
  const types = readTypes(request);
  const window = readWindow(request, 'search');
  if (window.offset + window.limit > lastPlace) throw beyondSearch();

  const objects = createObjects(request, market);
  const pages = types.map((type) => {
    const results = find(request, type, q, market);
    const total = Math.min(results.length, lastPlace);
    // Links repeat the text as `query`, and name only the type of their own page.
    const parameters = [
      ['query', encodeURIComponent(q)] as const,
      ['type', type] as const,
      ...marketParameter(market),
    ];
    const isUnavailable = market === null && typesOfMarkets.includes(type);
    const items = slice(results, window).map((writeResult) => (isUnavailable ? null : writeResult(objects)));
    return [pageNames[type], writePage(request, 'search', { window, total, parameters }, items)];
  });
  return Object.fromEntries(pages);
}

function readQuery({ query }: RequestContext): string {
  const q = query.get('q') ?? '';
  if (q.trim() === '' || q.trim() === '*') throw noQuery();
  if (Array.from(q).length > longestQuery) throw queryTooLong(longestQuery);
  return q;
}

function readTypes({ query }: RequestContext): SearchType[] {
  const text = query.get('type') ?? '';
  if (text === '') throw noSearchType();
  return text.split(',').map((type) => {
    if (!isSearchType(type)) throw badSearchType(type);
    return type;
  });
}

const isSearchType = (type: string): type is SearchType => Object.hasOwn(pageNames, type);

/** The results as functions that write them, so that only the window is written. */
function find(
  request: RequestContext,
  type: SearchType,
  q: string,
  market: string | null,
): readonly ((objects: Objects) => JsonObject | null)[] {
  const { catalogue } = request;
  const podcasts = createPodcastObjects(request, market);
  const audiobooks = createAudiobookObjects(request, market);
  const isPlayable = (track: Track) =>
    market === null || trackIn(catalogue, track, market).restriction !== 'market';
  switch (type) {
    case 'artist':
      return catalogue.find('artist', q).map((artist) => (objects) => objects.artist(artist));
    case 'album': {
      const listedAlbums = catalogue.find('album', q).filter((album) => isListed(album, market));
      return listedAlbums.map((album) => (objects) => objects.album(album));
    }
    case 'track':
      return catalogue
        .find('track', q)
        .filter(isPlayable)
        .map((track) => (objects) => objects.track(track));
    case 'show':
      return catalogue
        .find('show', q)
        .filter((show) => isListed(show, market))
        .map((show) => () => podcasts.show(show));
    case 'episode':
      return catalogue
        .find('episode', q)
        .filter(({ showId }) => isListed(catalogue.show(showId) ?? { markets: [] }, market))
        .map((episode) => () => podcasts.listedEpisode(episode));
    case 'audiobook':
      return catalogue
        .find('audiobook', q)
        .filter((audiobook) => isListed(audiobook, market))
        .map((audiobook) => () => audiobooks.audiobook(audiobook));
    case 'playlist': {
      const playlists = createPlaylistObjects(request, market);
      // For an app that does not find Spotify's own playlists, their slots are null.
      return catalogue
        .find('playlist', q)
        .map((playlist) => () => (isVisible(request, playlist) ? playlists.playlist(playlist) : null));
    }
  }
}

import type { Album, Artist, Audiobook, Episode, Playlist, Show, Track } from './model.ts';
import { type Field, fold, parseQuery, type SearchQuery } from './search-query.ts';

/** One searchable object. Texts are normalised and start with a space, so that ` wo` matches the start of a word. */
interface Entry<T> {
  item: T;
  name: string;
  /** All texts that a word without a filter matches. */
  text: string;
  fields: Partial<Record<Field, string>>;
  /** Years of release: one, or all of an artist. */
  years: ReadonlySet<number>;
  popularity: number;
}

/** Finds objects by text, the best match first. */
export type SearchIndex<T> = (q: string) => readonly T[];

/** The creation of an index, which can be interrupted between two objects. */
export type Indexing<T> = Generator<void, SearchIndex<T>>;

/** The data of the catalogue that the index needs. */
export interface SearchSource {
  artistNames(ids: readonly string[]): string;
  albumOf(track: Track): Album | undefined;
  yearsOf(artist: Artist): ReadonlySet<number>;
}

// Paging through one search repeats the same text.
const maxCachedQueries = 20;

export function indexArtists(artists: readonly Artist[], source: SearchSource): Indexing<Artist> {
  return createIndex(artists, (artist) => ({
    texts: [artist.name],
    fields: { artist: artist.name, genre: artist.genres.join(' ') },
    years: source.yearsOf(artist),
  }));
}

export function indexAlbums(albums: readonly Album[], source: SearchSource): Indexing<Album> {
  return createIndex(albums, (album) => {
    const artist = source.artistNames(album.artistIds);
    return {
      texts: [album.name, artist],
      fields: { album: album.name, artist, upc: album.upc },
      years: new Set([yearOf(album)]),
    };
  });
}

export function indexTracks(tracks: readonly Track[], source: SearchSource): Indexing<Track> {
  return createIndex(tracks, (track) => {
    const album = source.albumOf(track);
    const artist = source.artistNames(track.artistIds);
    return {
      texts: [track.name, artist, album?.name ?? ''],
      fields: { track: track.name, artist, album: album?.name ?? '', isrc: track.isrc },
      years: new Set(album ? [yearOf(album)] : []),
    };
  });
}

export function indexShows(shows: readonly Show[]): Indexing<Show> {
  return createIndex(shows, ({ name, publisher }) => ({
    texts: [name, publisher],
    fields: {},
    years: new Set<number>(),
  }));
}

export function indexEpisodes(
  episodes: readonly Episode[],
  { show }: { show(id: string): Show | undefined },
): Indexing<Episode> {
  return createIndex(episodes, (episode) => ({
    texts: [episode.name, show(episode.showId)?.name ?? ''],
    fields: {},
    years: new Set([yearOf(episode)]),
  }));
}

export function indexAudiobooks(audiobooks: readonly Audiobook[]): Indexing<Audiobook> {
  return createIndex(audiobooks, ({ name, authors, narrators }) => ({
    texts: [name, ...authors, ...narrators],
    fields: {},
    years: new Set<number>(),
  }));
}

export const indexPlaylists = (playlists: readonly Playlist[]): Indexing<Playlist> =>
  createIndex(playlists, ({ name, description }) => ({
    texts: [name, description],
    fields: {},
    years: new Set<number>(),
  }));

/** The release year of an album or an episode. */
export const yearOf = ({ releaseDate }: Pick<Album, 'releaseDate'>): number =>
  Number(releaseDate.slice(0, 4));

interface Described {
  texts: readonly string[];
  fields: Partial<Record<Field, string>>;
  years: ReadonlySet<number>;
}

function* createIndex<T extends { name: string; popularity: number }>(
  items: readonly T[],
  describe: (item: T) => Described,
): Indexing<T> {
  const entries: Entry<T>[] = [];
  for (const item of items) {
    const { texts, fields, years } = describe(item);
    const normalisedFields = Object.entries(fields).map(([field, value]) => [field, findable(value)]);
    entries.push({
      item,
      name: fold(item.name),
      text: texts.map(findable).join(''),
      fields: Object.fromEntries(normalisedFields),
      years,
      popularity: item.popularity,
    });
    yield;
  }
  const resultsByQuery = new Map<string, readonly T[]>();

  return (q) => {
    const cachedResult = resultsByQuery.get(q);
    if (cachedResult) return cachedResult;
    const query = parseQuery(q);
    const result = entries
      .filter((entry) => matches(entry, query))
      .sort(
        (entry, otherEntry) =>
          rank(entry, query) - rank(otherEntry, query) || otherEntry.popularity - entry.popularity,
      )
      .map(({ item }) => item);
    const [oldestQuery] = resultsByQuery.keys();
    if (resultsByQuery.size === maxCachedQueries && oldestQuery !== undefined)
      resultsByQuery.delete(oldestQuery);
    resultsByQuery.set(q, result);
    return result;
  };
}

const findable = (text: string) => ` ${fold(text)} `;

function matches(entry: Entry<unknown>, { words, phrases, filters }: SearchQuery): boolean {
  return (
    words.every((word) => entry.text.includes(` ${word}`)) &&
    phrases.every((phrase) => entry.text.includes(` ${phrase} `)) &&
    filters.every(({ field, value }) => passes(entry, field, value))
  );
}

function passes(entry: Entry<unknown>, field: Field, value: string): boolean {
  if (field === 'year') return isReleasedIn(entry.years, value);
  // A filter that a kind does not have (an artist's ISRC) matches no object of that kind.
  const text = entry.fields[field];
  // A code is compared as a whole, a name by the beginnings of its words.
  if (field === 'isrc' || field === 'upc') return text === ` ${value} `;
  return text?.includes(` ${value}`) ?? false;
}

/** `1999` or `1999-2004`, which is normalised to `1999 2004`. */
function isReleasedIn(years: ReadonlySet<number>, value: string): boolean {
  const [firstYear = Number.NaN, lastYear = firstYear] = value.split(' ').map(Number);
  for (const year of years) if (year >= firstYear && year <= lastYear) return true;
  return false;
}

function rank({ name }: Entry<unknown>, { freeText }: SearchQuery): number {
  if (name === freeText) return 0;
  return name.startsWith(freeText) ? 1 : 2;
}

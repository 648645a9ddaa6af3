import { createBatchFetcher } from '../../src/datasources/spotify/cache/batch-fetcher.ts';
import { createMemory } from '../../src/datasources/spotify/cache/memory.ts';
import { createReadThroughCache } from '../../src/datasources/spotify/cache/read-through-cache.ts';
import { createCapabilities } from '../../src/datasources/spotify/capabilities/capabilities.ts';
import { createOperationContext, parseId } from '../../src/datasources/spotify/index.ts';
import { album } from '../../src/datasources/spotify/kinds/album.ts';
import { kinds } from '../../src/datasources/spotify/kinds/index.ts';
import { cacheKeyOf, type Entity } from '../../src/datasources/spotify/kinds/kind.ts';
import { byId } from '../../src/datasources/spotify/kinds/requests/endpoint-request.ts';
import { pagedList } from '../../src/datasources/spotify/kinds/requests/lists.ts';
import { albumTracks } from '../../src/datasources/spotify/kinds/track.ts';
import { createPagination } from '../../src/datasources/spotify/pagination/pagination.ts';
import type { ApiClient } from '../../src/datasources/spotify/transport/api-client.ts';
import { noPurges } from './no-purges.ts';
import { noQuota } from './no-quota.ts';
import { silentLog } from './silent-log.ts';

/**
 * Reads many different albums, as a long-running process does, and prints the memory that it then uses. The argument is
 * the number of albums. Run by `memory.test.ts` in its own process, with `--expose-gc`.
 */

const albums = Number(process.argv[2]);
const atATime = 100;
const tracksOnEach = 4; // twelve would leave the same memory in use, and take three times as long

/** The printed result. */
export interface MemoryRun {
  /** Megabytes of the process: the peak, and the rest after a garbage collection. */
  peakMb: number;
  rssMb: number;
  heapMb: number;
  /** The number of cached entries, and their estimated size in megabytes. */
  cachedEntries: number;
  cachedMb: number;
  /** The number of cached albums, and whether the newest is one of them. */
  cachedAlbums: number;
  isNewestCached: boolean;
  seconds: number;
}

const idOf = (kind: number, number: number): string => `${kind}${`${number}`.padStart(21, '0')}`;
const albumId = (number: number): string => idOf(1, number);
const trackId = (number: number, location: number): string => idOf(2, number * tracksOnEach + location);
const artistId = (number: number): string => idOf(3, number);

const identity = (type: string, id: string) =>
  `"external_urls":{"spotify":"https://open.spotify.com/${type}/${id}"},"href":"https://api.spotify.com/v1/${type}s/${id}","id":"${id}","type":"${type}","uri":"spotify:${type}:${id}"`;

const artistText = (id: string): string => `{${identity('artist', id)},"name":"An Artist of Many ${id}"}`;

/** Some 3 KB, as an app in development mode gets it: without the lists of markets. */
function albumText(number: number): string {
  const id = albumId(number);
  const artists = `[${artistText(artistId(number % 20_000))}]`;
  const image = (size: number) =>
    `{"url":"https://i.scdn.co/image/ab67616d0000b273${id}${size}","width":${size},"height":${size}}`;
  const tracks = Array.from(
    { length: tracksOnEach },
    (_, location) =>
      `{"artists":${artists},"disc_number":1,"duration_ms":${180_000 + location},"explicit":false,${identity('track', trackId(number, location))},"name":"Track ${location} of ${number}","preview_url":null,"track_number":${location + 1},"is_local":false}`,
  );
  return `{"album_type":"album","total_tracks":${tracksOnEach},${identity('album', id)},"images":[${[640, 300, 64].map(image).join(',')}],"name":"Album ${number}","release_date":"2020-02-02","release_date_precision":"day","artists":${artists},"tracks":{"href":"","limit":50,"next":null,"offset":0,"previous":null,"total":${tracksOnEach},"items":[${tracks.join(',')}]},"copyrights":[{"text":"2020 Label ${number}","type":"C"},{"text":"2020 Label ${number}","type":"P"}],"external_ids":{"upc":"${number}"},"genres":[]}`;
}

const request: ApiClient['request'] = async ({ path }) => {
  const text = albumText(Number(path.slice(-21)));
  return {
    kind: 'response',
    status: 200,
    body: JSON.parse(text) as unknown,
    etag: `"MC-${path.slice(-22)}"`,
    retryAfter: null,
    bytes: text.length,
  };
};

const megabytes = (bytes: number): number => Math.round(bytes / 1_000_000);

const startedMs = performance.now();
const freshMs = 300_000;
const capabilities = createCapabilities('development', silentLog);
const freshness = { freshMs, staleMs: 86_400_000 };
const memory = createMemory(freshness);
const cache = createReadThroughCache({
  ...freshness,
  batchFetcher: createBatchFetcher({ request }, capabilities),
  capabilities,
  memory,
  dailyQuota: noQuota,
  purges: noPurges,
  log: silentLog,
});
const pages = createPagination({ cache, capabilities, freshMs, purges: noPurges, dailyQuota: noQuota });

let peak = 0;
for (let first = 0; first < albums; first += atATime) {
  const operation = createOperationContext(60_000);
  const fieldContext = { operation, location: () => ({ field: 'Query.album', path: [] }) };
  const numbers = Array.from({ length: atATime }, (_, i) => first + i);
  await Promise.all(
    numbers.map(async (number) => {
      const id = parseId(albumId(number), 'album');
      const found = await cache.get(byId(album, id, null), fieldContext);
      const list = {
        ...pagedList<Entity, undefined>(albumTracks, id, undefined, null),
        embeddedFirstPage: async () => found?.tracks,
      };
      await pages.window(list, { first: 5, last: null, after: null, before: null }, fieldContext);
    }),
  );
  operation.end();
  peak = Math.max(peak, process.memoryUsage().rss);
}

globalThis.gc?.();
const { rss, heapUsed } = process.memoryUsage();

let cachedEntries = 0;
let cachedBytes = 0;
let cachedAlbums = 0;
const keyBytes = 200; // the size of a key, as the cache estimates it
function countEntry(key: string): boolean {
  const entry = memory.get(key);
  if (!entry) return false;
  cachedEntries += 1;
  cachedBytes += entry.bytes + keyBytes;
  return true;
}
for (let number = 0; number < albums; number++) {
  if (countEntry(cacheKeyOf(kinds, 'album', albumId(number), null))) cachedAlbums += 1;
  countEntry(`short/${cacheKeyOf(kinds, 'album', albumId(number), null)}`);
  for (let location = 0; location < tracksOnEach; location++)
    countEntry(`short/${cacheKeyOf(kinds, 'track', trackId(number, location), null)}`);
}
for (let number = 0; number < 20_000; number++)
  countEntry(`short/${cacheKeyOf(kinds, 'artist', artistId(number), null)}`);

const run: MemoryRun = {
  peakMb: megabytes(peak),
  rssMb: megabytes(rss),
  heapMb: megabytes(heapUsed),
  cachedEntries,
  cachedMb: megabytes(cachedBytes),
  cachedAlbums,
  isNewestCached: memory.get(cacheKeyOf(kinds, 'album', albumId(albums - 1), null)) !== undefined,
  seconds: Math.round((performance.now() - startedMs) / 1000),
};
process.stdout.write(`${JSON.stringify(run)}\n`);

import { expect, test } from 'vitest';
import { createBatchFetcher } from '../../../../src/datasources/spotify/cache/batch-fetcher.ts';
import { createCapabilities } from '../../../../src/datasources/spotify/capabilities/capabilities.ts';
import { artist } from '../../../../src/datasources/spotify/kinds/index.ts';
import { byId } from '../../../../src/datasources/spotify/kinds/requests/endpoint-request.ts';
import type { SpotifyId } from '../../../../src/datasources/spotify/kinds/spotify-id.ts';
import { type ApiClient, pathOf } from '../../../../src/datasources/spotify/transport/api-client.ts';
import { createScriptedSpotify, startCache, startField } from '../../../support/cache.ts';
import { silentLog } from '../../../support/silent-log.ts';

const ids = ['3Nrfpe0tUJi4K4DXYWgMUX', '4cMxFzDB4HIfDJ9qIDY0gK'] as SpotifyId[];

/** A cache whose calls let other fields join after their response has arrived, and before it is used. */
function startCacheWithLateReads(whenEnded: () => void) {
  const paths: string[] = [];
  const objectOf = (id: string) => ({ id, name: 'A name', type: 'artist', images: [], external_urls: {} });
  const request: ApiClient['request'] = async (apiRequest, waiters) => {
    const path = pathOf(apiRequest);
    paths.push(path);
    const recordEnd = waiters.recordCall({ method: 'GET', path });
    await Promise.resolve();
    recordEnd({ status: 200, milliseconds: 7 });
    whenEnded();
    const isBatch = apiRequest.path === '/artists';
    const body = isBatch
      ? { artists: ids.map(objectOf) }
      : objectOf(apiRequest.path.slice('/artists/'.length));
    return { kind: 'response', status: 200, body, etag: null, retryAfter: null, bytes: 100 };
  };
  const capabilities = createCapabilities('extended', silentLog);
  const { cache } = startCache(
    createScriptedSpotify(async () => null),
    { capabilities, batchFetcher: createBatchFetcher({ request }, capabilities) },
  );
  return { cache, paths };
}

test.each([
  ['a call for one object', ids.slice(0, 1)],
  ['a call for several objects', ids],
])('an operation that joins %s after its end lists the call as shared', async (_, idsOfCall) => {
  const late = startField();
  const lateReads: Promise<unknown>[] = [];
  const { cache, paths } = startCacheWithLateReads(() => {
    // Two fields of one operation: it lists the call once.
    for (const id of idsOfCall) lateReads.push(cache.get(byId(artist, id, null), late));
  });
  const early = startField();
  await Promise.all(idsOfCall.map((id) => cache.get(byId(artist, id, null), early)));
  await Promise.all(lateReads);
  const call = { method: 'GET', path: paths[0], status: 200, milliseconds: 7 };
  expect(early.operation.usage.calls).toEqual([{ ...call, origin: 'network' }]);
  expect(late.operation.usage.calls).toEqual([{ ...call, origin: 'shared' }]);
  expect(paths).toHaveLength(1);
});

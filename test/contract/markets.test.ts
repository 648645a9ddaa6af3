import { describe, expect, test } from 'vitest';
import {
  albums,
  artists,
  catalogue,
  dataAndErrorCodes,
  jsonList,
  startInMode,
  tracks,
  withoutErrors,
} from '../support/schema-tests.ts';

const notInSpain = { isPlayable: false, restrictions: { reason: 'MARKET' } };
const playable = { isPlayable: true, restrictions: null };
const inMarket = 'isPlayable restrictions { reason }';

describe('a market', () => {
  test('a market determines whether albums and tracks are playable, read alone and in batches', async () => {
    const { execute, apiCalls } = await startInMode('extended');
    const ids = [albums.outsideSpain, albums.tracks1];
    const document = `{
      album(id: "${albums.outsideSpain}", market: "ES") { ${inMarket} }
      elsewhere: album(id: "${albums.outsideSpain}", market: "DE") { ${inMarket} }
      anywhere: album(id: "${albums.outsideSpain}") { ${inMarket} }
      albums(ids: ${jsonList(ids)}, market: "ES") { ${inMarket} }
      track(id: "${tracks.notInSpain}", market: "ES") { ${inMarket} }
      tracks(ids: ${jsonList([tracks.notInSpain, tracks.explicit])}, market: "ES") { ${inMarket} }
    }`;
    expect(dataAndErrorCodes(await execute(document))).toEqual(
      withoutErrors({
        album: notInSpain,
        elsewhere: playable,
        anywhere: { isPlayable: null, restrictions: null },
        albums: [notInSpain, playable],
        track: notInSpain,
        tracks: [notInSpain, playable],
      }),
    );
    expect(apiCalls().toSorted()).toEqual(
      [
        `/albums?ids=${ids.join('%2C')}&market=ES`,
        `/albums/${albums.outsideSpain}?market=DE`,
        `/albums/${albums.outsideSpain}`,
        `/tracks?ids=${tracks.notInSpain}%2C${tracks.explicit}&market=ES`,
      ].toSorted(),
    );
  });

  test('a market is inherited from an album by its tracks, their artists and the albums of these artists', async () => {
    const { execute, apiCalls } = await startInMode('development');
    const document = `{ album(id: "${albums.tracks1}", market: "ES") {
      tracks(first: 1) { nodes { isPlayable artists { name albums(first: 1) { nodes { isPlayable } } } } }
    } }`;
    expect(dataAndErrorCodes(await execute(document))).toEqual(
      withoutErrors({
        album: {
          tracks: {
            nodes: [
              {
                isPlayable: true,
                artists: [{ name: 'Cabinet of Oddities', albums: { nodes: [{ isPlayable: true }] } }],
              },
            ],
          },
        },
      }),
    );
    expect(apiCalls()).toEqual([
      `/albums/${albums.tracks1}?market=ES`,
      `/artists/${artists.edgeCases}/albums?market=ES&limit=10&offset=0`,
    ]);
  });

  test('a market is inherited by full objects, by the album of a track and by the results of a search', async () => {
    const { execute, apiCalls } = await startInMode('development');
    const document = `{
      album(id: "${albums.tracks51}", market: "ES") { tracks(first: 1) { nodes { externalIds { isrc } } } }
      track(id: "${tracks.explicit}", market: "DE") { album { copyrights { type } } }
      search(q: "Twenty Rooms", market: "FR") {
        albums(first: 1) { nodes { copyrights { type } } }
        artists(first: 1) { nodes { albums(first: 1) { totalCount } } }
      }
    }`;
    expect((await execute(document)).errors).toEqual([]);
    const [firstTrack] = catalogue.tracksOf(albums.tracks51);
    expect(apiCalls().toSorted()).toEqual(
      [
        `/albums/${albums.tracks51}?market=ES`,
        `/tracks/${firstTrack?.id}?market=ES`,
        `/tracks/${tracks.explicit}?market=DE`,
        `/albums/${albums.explicit}?market=DE`,
        '/search?q=Twenty+Rooms&market=FR&limit=10&offset=0&type=album%2Cartist',
        `/albums/${albums.tracks20}?market=FR`,
      ].toSorted(),
    );
  });

  test('a market is inherited by related artists and their albums', async () => {
    const { execute, apiCalls } = await startInMode('extended', { MAX_UPSTREAM_CALLS: '200' });
    const document = `{ album(id: "${albums.tracks1}", market: "ES") {
      artists { relatedArtists { name albums(first: 1) { totalCount } } }
    } }`;
    expect((await execute(document)).errors).toEqual([]);
    const lists = apiCalls().filter((path) => path.includes('/albums?'));
    expect(lists).toHaveLength(20);
    expect(lists.filter((path) => !path.includes('market=ES'))).toEqual([]);
  });

  test('the market of an argument has priority over the inherited market, and both have priority over the configured market', async () => {
    const { execute, apiCalls } = await startInMode('extended', { SPOTIFY_MARKET: 'FR' });
    const document = `{
      album(id: "${albums.outsideSpain}", market: "DE") {
        isPlayable
        tracks(first: 1, market: "ES") { nodes { isPlayable artists { topTracks { name } } } }
      }
      artist(id: "${artists.albums9}") { albums(first: 1, market: "JP") { totalCount } topTracks(market: "KR") { name } }
    }`;
    const { data, errors } = await execute<{ album: object }, object>(document);
    expect(errors).toEqual([]);
    expect(data.album).toMatchObject({ isPlayable: true, tracks: { nodes: [{ isPlayable: false }] } });
    expect(apiCalls().toSorted()).toEqual(
      [
        `/albums/${albums.outsideSpain}?market=DE`,
        `/albums/${albums.outsideSpain}?market=ES`,
        `/artists/${artists.edgeCases}/top-tracks?market=ES`,
        `/artists/${artists.albums9}`,
        `/artists/${artists.albums9}/albums?market=JP&limit=50&offset=0`,
        `/artists/${artists.albums9}/top-tracks?market=KR`,
      ].toSorted(),
    );
  });

  test('the configured market applies to fields without a market, and artists are requested without a market', async () => {
    const { execute, apiCalls } = await startInMode('extended', { SPOTIFY_MARKET: 'ES' });
    const document = `{
      album(id: "${albums.outsideSpain}") { isPlayable }
      tracks(ids: ${jsonList([tracks.notInSpain, tracks.explicit])}) { isPlayable }
      artist(id: "${artists.albums9}") { albums(first: 1) { totalCount } topTracks { isPlayable } }
      artists(ids: ${jsonList([artists.albums1, artists.albums10])}) { name }
      search(q: "Closed on Saturdays") { albums { totalCount } }
    }`;
    const { data, errors } = await execute(document);
    expect(errors).toEqual([]);
    expect(data).toMatchObject({
      album: { isPlayable: false },
      tracks: [{ isPlayable: false }, { isPlayable: true }],
      search: { albums: { totalCount: 0 } },
    });
    expect(apiCalls().toSorted()).toEqual(
      [
        `/albums/${albums.outsideSpain}?market=ES`,
        `/tracks?ids=${tracks.notInSpain}%2C${tracks.explicit}&market=ES`,
        `/artists?ids=${artists.albums9}%2C${artists.albums1}%2C${artists.albums10}`,
        `/artists/${artists.albums9}/albums?market=ES&limit=50&offset=0`,
        `/artists/${artists.albums9}/top-tracks?market=ES`,
        '/search?q=Closed+on+Saturdays&type=album&market=ES&limit=50&offset=0',
      ].toSorted(),
    );
  });

  test('an object that is read for one market is never returned for another market', async () => {
    const { execute, apiCalls } = await startInMode('development');
    const albumField = (market: string) => `album(id: "${albums.onlyKorea}"${market}) { isPlayable }`;
    for (const [market, isPlayable] of [
      [', market: "KR"', true],
      [', market: "DE"', false],
      ['', null],
    ] as const) {
      expect(dataAndErrorCodes(await execute(`{ ${albumField(market)} }`))).toEqual(
        withoutErrors({ album: { isPlayable } }),
      );
    }
    expect(apiCalls()).toHaveLength(3);
  });
});

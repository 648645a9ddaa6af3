import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { startSandbox } from '../../src/sandbox/index.ts';
import { startGateway } from '../support/gateway.ts';
import {
  albums,
  artists,
  audiobooks,
  catalogue,
  chapters,
  dataAndErrorCodes,
  dataOf,
  episodes,
  modes,
  playlists,
  shows,
  startInMode,
  tracks,
  withoutCache,
} from '../support/schema-tests.ts';
import { onTestEnd } from '../support/test-end.ts';

/** A field has the same value whether or not an earlier response contained the same object in another form. */

const images = 'images { url width height }';
const playability = 'isPlayable restrictions { reason }';
const artistFields = `id name uri externalUrl ${images} genres popularity followers { total }`;
const albumFields = `id name uri externalUrl albumType totalTracks releaseDate { date precision } ${images} ${playability}
  label genres popularity copyrights { text } externalIds { upc } artists { id name }`;
const trackFields = `id name uri externalUrl discNumber trackNumber durationMs explicit isLocal ${playability} previewUrl
  popularity externalIds { isrc } linkedFrom { id } artists { id name } album { id name totalTracks }`;
const spokenFields = `id name uri externalUrl description htmlDescription languages explicit ${images}`;
const showFields = `${spokenFields} publisher mediaType copyrights { text } totalEpisodes isExternallyHosted`;
const bookFields = `${spokenFields} publisher mediaType totalChapters edition authors { name } narrators { name }`;
const recordingFields = `${spokenFields} ${playability} audioPreviewUrl durationMs releaseDate { date }`;
const episodeFields = `${recordingFields} language show { id name totalEpisodes publisher }`;
const chapterFields = `${recordingFields} chapterNumber audiobook { id name totalChapters }`;
const playlistFields = `id name uri externalUrl description collaborative public snapshotId ${images}
  owner { id displayName } followers { total }`;
const page = (fields: string) => `{ totalCount pageInfo { hasNextPage } nodes { ${fields} } }`;
const brief = `id name ${playability}`;

const text = (value: string | undefined): string => JSON.stringify(value ?? '');
const [firstTrack] = catalogue.tracksOf(albums.tracks51);
const { edgeCases } = artists;

/** Lists and objects whose responses contain other objects. */
const lists = [
  `artist(id: "${edgeCases}") { albums(first: 20) ${page(brief)} }`,
  `artist(id: "${edgeCases}") { topTracks { ${brief} } }`,
  `artist(id: "${edgeCases}") { albums(first: 10, market: ES) ${page(brief)} }`,
  `album(id: "${albums.tracks51}") { tracks(first: 60) ${page(`${brief} album { id name }`)} }`,
  `album(id: "${albums.relinked}", market: "ES") { tracks ${page(brief)} }`,
  `album(id: "${albums.restricted}") { tracks ${page(brief)} }`,
  `track(id: "${firstTrack?.id}") { name }`,
  `tracks(ids: ["${tracks.restricted}", "${tracks.relinked}"]) { album { id name } }`,
  `show(id: "${shows.episodes130}") { episodes(first: 60) ${page('id name isPlayable show { id }')} }`,
  `episode(id: "${episodes.newest}") { show { name } }`,
  `audiobook(id: "${audiobooks.chapters3}") { chapters ${page('id name chapterNumber')} }`,
  `playlist(id: "${playlists.items3}") { items { totalCount nodes { item { ... on Track { name } ... on Episode { name } } } } }`,
  `newReleases(first: 5) ${page(brief)}`,
];

/** Searches by the names of these objects. */
const searches = [
  ...[
    ['artists', catalogue.artist(edgeCases)],
    ['albums', catalogue.album(albums.tracks51)],
    ['tracks', firstTrack],
    ['tracks', catalogue.track(tracks.restricted)],
    ['shows', catalogue.show(shows.onlyGermany)],
    ['shows', catalogue.show(shows.episodes130)],
    ['episodes', catalogue.episode(episodes.onlyGermany)],
    ['episodes', catalogue.episode(episodes.newest)],
    ['audiobooks', catalogue.audiobook(audiobooks.onlyBritain)],
    ['audiobooks', catalogue.audiobook(audiobooks.chapters3)],
    ['playlists', catalogue.playlist(playlists.items3)],
  ].map(([list, object]) => {
    const { name } = object as { name: string };
    return `search(q: ${text(name)}) { ${list} (first: 10) ${page('id name')} }`;
  }),
  `search(q: ${text(catalogue.track(tracks.relinked)?.name)}, market: "ES") { tracks(first: 5) ${page(brief)} }`,
];

/** Objects that are read by their ids. */
const objects = [
  `artist(id: "${edgeCases}") { ${artistFields} }`,
  `album(id: "${albums.tracks51}") { ${albumFields} }`,
  `album(id: "${albums.relinked}", market: "ES") { ${albumFields} }`,
  `album(id: "${albums.restricted}") { ${albumFields} tracks ${page(brief)} }`,
  `track(id: "${firstTrack?.id}") { ${trackFields} }`,
  `track(id: "${tracks.relinked}", market: "ES") { ${trackFields} }`,
  `track(id: "${tracks.spanishReplacement}", market: "ES") { ${trackFields} }`,
  `track(id: "${tracks.restricted}") { ${trackFields} }`,
  `tracks(ids: ["${tracks.restricted}", "${firstTrack?.id}"], market: "US") { ${trackFields} }`,
  `show(id: "${shows.episodes130}") { ${showFields} }`,
  `show(id: "${shows.onlyGermany}") { ${showFields} }`,
  `episode(id: "${episodes.newest}") { ${episodeFields} }`,
  `episode(id: "${episodes.onlyGermany}") { name }`,
  `audiobook(id: "${audiobooks.chapters3}") { ${bookFields} chapters ${page('id name')} }`,
  `audiobook(id: "${audiobooks.onlyBritain}") { ${bookFields} }`,
  `chapter(id: "${chapters.restricted}") { ${chapterFields} }`,
  `playlist(id: "${playlists.items3}") { ${playlistFields} }`,
];

const link = { external_urls: 'externalUrl' };
const spokenParts = {
  ...link,
  description: 'description',
  explicit: 'explicit',
  images: 'images { url }',
};
/** Lists, and the required fields of their objects: Spotify's key, and the selection that it fills. */
const listsOfOddObjects = [
  {
    kind: 'album',
    list: `owner: artist(id: "${artists.albums9}") { list: albums { nodes { id } } }`,
    route: 'artists/albums',
    inside: '',
    parts: {
      ...link,
      album_type: 'albumType',
      total_tracks: 'totalTracks',
      release_date: 'releaseDate { date }',
      images: 'images { url }',
      artists: 'artists { id }',
    },
  },
  {
    kind: 'track',
    list: `owner: album(id: "${albums.tracks20}") { list: tracks { nodes { id } } }`,
    route: 'albums',
    inside: 'tracks.',
    parts: {
      ...link,
      artists: 'artists { id }',
      disc_number: 'discNumber',
      track_number: 'trackNumber',
      duration_ms: 'durationMs',
      explicit: 'explicit',
      is_local: 'isLocal',
    },
  },
  {
    kind: 'artist',
    list: 'owner: search(q: "a") { list: artists { nodes { id } } }',
    route: 'search',
    inside: 'artists.',
    parts: { ...link, images: 'images { url }' },
  },
  {
    kind: 'track',
    list: 'owner: search(q: "a") { list: tracks { nodes { id } } }',
    route: 'search',
    inside: 'tracks.',
    parts: { ...link, album: 'album { id }', external_ids: 'externalIds { isrc }' },
  },
  {
    kind: 'show',
    list: 'owner: search(q: "a") { list: shows { nodes { id } } }',
    route: 'search',
    inside: 'shows.',
    parts: { ...spokenParts, total_episodes: 'totalEpisodes' },
  },
  {
    kind: 'playlist',
    list: 'owner: search(q: "a") { list: playlists { nodes { id } } }',
    route: 'search',
    inside: 'playlists.',
    parts: { ...link, snapshot_id: 'snapshotId', owner: 'owner { id }' },
  },
  {
    kind: 'episode',
    list: `owner: show(id: "${shows.episodes130}") { list: episodes { nodes { id } } }`,
    route: 'shows',
    inside: 'episodes.',
    parts: {
      ...spokenParts,
      release_date: 'releaseDate { date }',
      duration_ms: 'durationMs',
    },
  },
  {
    kind: 'chapter',
    list: `owner: audiobook(id: "${audiobooks.chapters130}") { list: chapters { nodes { id } } }`,
    route: 'audiobooks',
    inside: 'chapters.',
    parts: {
      ...spokenParts,
      release_date: 'releaseDate { date }',
      duration_ms: 'durationMs',
      chapter_number: 'chapterNumber',
    },
  },
] as const;

describe.each(modes)('an object that an earlier response contains (%s)', (mode) => {
  test('every object has the same values whether or not another query ran earlier', {
    timeout: 60_000,
  }, async () => {
    const sandbox = await startSandbox({ quotaMode: mode, catalogue });
    onTestEnd(sandbox.close);
    const valueAfter = async (earlier: string, field: string) => {
      const { execute, gateway } = startGateway(sandbox, { SPOTIFY_QUOTA_MODE: mode });
      await execute(`{ ${earlier} }`);
      const response = dataAndErrorCodes(await execute(`{ ${field} }`));
      await gateway.dispose();
      return response;
    };
    const uncached = startGateway(sandbox, { SPOTIFY_QUOTA_MODE: mode, ...withoutCache });
    const valueAlone = async (field: string) => dataAndErrorCodes(await uncached.execute(`{ ${field} }`));
    const fields = fc.constantFrom(...objects, ...lists);
    const earlierFields = fc.constantFrom(...lists, ...searches);
    await fc.assert(
      fc.asyncProperty(fields, earlierFields, async (field, earlier) => {
        const alone = await valueAlone(field);
        expect(alone.errors).toEqual([]);
        expect(await valueAfter(earlier, field)).toEqual(alone);
      }),
      { numRuns: 100 },
    );
  });

  test('a playlist that a search has found is read for `public`, which searches do not state', async () => {
    const gateway = await startInMode(mode);
    const { items3 } = playlists;
    const search = `search(q: ${text(catalogue.playlist(items3)?.name)})`;
    await dataOf(gateway, `{ ${search} { playlists { nodes { name } } } }`);
    const calls = gateway.apiCalls().length;
    expect(await dataOf(gateway, `{ playlist(id: "${items3}") { name } }`)).toMatchObject({ playlist: {} });
    expect(gateway.apiCalls()).toHaveLength(calls);
    const document = `{ playlist(id: "${items3}") { public } ${search} { playlists { nodes { public } } } }`;
    expect(await dataOf(gateway, document)).toEqual({
      playlist: { public: true },
      search: { playlists: { nodes: [{ public: null }] } },
    });
    expect(gateway.apiCalls().slice(calls).map(pathOf)).toEqual([`/playlists/${items3}`]);
  });

  test('a track of a list is read for `isPlayable` without a market only if full tracks may state it', async () => {
    const gateway = await startInMode(mode);
    await dataOf(gateway, `{ album(id: "${albums.tracks51}") { tracks { nodes { isPlayable } } } }`);
    const data = await dataOf(gateway, `{ track(id: "${firstTrack?.id}") { name isPlayable } }`);
    expect(data).toMatchObject({ track: { isPlayable: mode === 'development' ? true : null } });
    const read = mode === 'development' ? [`/tracks/${firstTrack?.id}`] : [];
    expect(gateway.apiCalls()).toEqual([`/albums/${albums.tracks51}`, ...read]);
  });

  test('an album inside a track is read for `isPlayable` without a market if the track states it', async () => {
    const gateway = await startInMode(mode);
    const data = await dataOf(gateway, `{ track(id: "${firstTrack?.id}") { album { name isPlayable } } }`);
    expect(data).toMatchObject({ track: { album: { isPlayable: mode === 'development' ? true : null } } });
    const album = `album(id: "${albums.tracks51}")`;
    expect(await dataOf(gateway, `{ ${album} { isPlayable } }`)).toEqual({ album: { isPlayable: null } });
    const read = mode === 'development' ? [`/albums/${albums.tracks51}`] : [];
    expect(gateway.apiCalls()).toEqual([`/tracks/${firstTrack?.id}`, ...read]);
  });

  test('a track that replaces another track in a list belongs to its own album', async () => {
    const gateway = await startInMode(mode);
    const { relinked, spanishEdition } = albums;
    const { spanishReplacement } = tracks;
    await dataOf(gateway, `{ album(id: "${relinked}", market: "ES") { tracks { nodes { id } } } }`);
    const track = `track(id: "${spanishReplacement}", market: "ES")`;
    expect(await dataOf(gateway, `{ ${track} { album { id } } }`)).toEqual({
      track: { album: { id: spanishEdition } },
    });
    expect(gateway.apiCalls()).toEqual([
      `/albums/${relinked}?market=ES`,
      `/tracks/${spanishReplacement}?market=ES`,
    ]);
  });

  test('a track of a list without a market belongs to the album of the list, for no call', async () => {
    const gateway = await startInMode(mode);
    await dataOf(gateway, `{ album(id: "${albums.tracks51}") { tracks { nodes { id } } } }`);
    expect(await dataOf(gateway, `{ track(id: "${firstTrack?.id}") { album { id } } }`)).toEqual({
      track: { album: { id: albums.tracks51 } },
    });
    expect(gateway.apiCalls()).toEqual([`/albums/${albums.tracks51}`]);
  });

  test.each([
    ['an empty name', 'name', ''], // as artists have in playlists (recorded in 2024)
    ['a link that is not as documented', 'external_urls', 5],
    ['no link', 'external_urls', null],
  ])('an artist inside a track with %s is read again for a read by its id', async (_, key, value) => {
    const gateway = await startInMode(mode);
    const { explicit } = tracks;
    const artistId = catalogue.track(explicit)?.artistIds[0] ?? '';
    const edits = [
      { path: `artists.0.${key}`, set: value },
      { path: 'album.artists', set: [] }, // or the same artist is here
    ];
    gateway.sandbox.faults.add({ on: { path: `/tracks/${explicit}` }, fault: { kind: 'edit', edits } });
    await gateway.execute(`{ track(id: "${explicit}") { artists { name externalUrl } } }`);
    expect(await dataOf(gateway, `{ artist(id: "${artistId}") { name externalUrl } }`)).toEqual({
      artist: {
        name: catalogue.artist(artistId)?.name,
        externalUrl: `https://open.spotify.com/artist/${artistId}`,
      },
    });
    expect(gateway.apiCalls()).toEqual([`/tracks/${explicit}`, `/artists/${artistId}`]);
  });

  test.each(listsOfOddObjects)(
    'an object of a list is read again for a read by its id only if a required field is missing: $kind of $route',
    async ({ kind, list, route, inside, parts }) => {
      const { execute, apiCalls, sandbox } = await startInMode(mode);
      const edits = Object.keys(parts).map((key, i) => ({ path: `${inside}items.${i}.${key}`, set: null }));
      sandbox.faults.add({ on: { route }, fault: { kind: 'edit', edits } });
      const { data } = await execute<{ owner: { list: { nodes: { id: string }[] } } }, object>(`{ ${list} }`);
      sandbox.faults.clear();
      sandbox.clearCalls();
      const ids = data.owner.list.nodes.map(({ id }) => id);
      for (const [i, selection] of Object.values(parts).entries()) {
        const response = await execute(`{ object: ${kind}(id: "${ids[i]}") { value: ${selection} } }`);
        expect(response).toMatchObject({ data: { object: { value: expect.anything() } }, errors: [] });
      }
      const complete = ids[Object.keys(parts).length];
      expect(await execute(`{ ${kind}(id: "${complete}") { name } }`)).toMatchObject({ errors: [] });
      expect(apiCalls().map((call) => call.split(/[/?]/)[2])).toEqual(
        ids.slice(0, Object.keys(parts).length),
      );
    },
  );

  test('the plan counts the read of an entity whose cached form lacks the selected field', async () => {
    const { execute } = await startInMode(mode);
    await execute(`{ album(id: "${albums.tracks51}") { tracks { nodes { id } } } }`);
    const entity = (field: string) =>
      execute(`{ _entities(representations: [{ __typename: "Track", id: "${firstTrack?.id}" }]) {
        ... on Track { ${field} } } }`);
    const { extensions: cached } = await entity('name');
    const { extensions: read } = await entity('isPlayable');
    expect([cached.spotify?.plannedCalls, cached.spotify?.actualCalls]).toEqual([0, 0]);
    expect([read.spotify?.plannedCalls, read.spotify?.actualCalls]).toEqual([
      1,
      mode === 'development' ? 1 : 0,
    ]);
  });

  test('a podcast or an audiobook that a search in another market finds is still absent in the US', async () => {
    const gateway = await startInMode(mode);
    const [show, audiobook] = [shows.onlyGermany, audiobooks.onlyBritain];
    const found = await dataOf(
      gateway,
      `{ shows: search(q: ${text(catalogue.show(show)?.name)}, market: "DE") { shows { nodes { id } } }
        audiobooks: search(q: ${text(catalogue.audiobook(audiobook)?.name)}, market: "GB") { audiobooks { nodes { id } } } }`,
    );
    expect(found).toEqual({
      shows: { shows: { nodes: [{ id: show }] } },
      audiobooks: { audiobooks: { nodes: [{ id: audiobook }] } },
    });
    const searches = gateway.apiCalls().length;
    const document = `{ show(id: "${show}") { name } audiobook(id: "${audiobook}") { name } }`;
    expect(await dataOf(gateway, document)).toEqual({ show: null, audiobook: null });
    expect(gateway.apiCalls().slice(searches)).toEqual([
      `/shows/${show}?market=US`,
      `/audiobooks/${audiobook}?market=US`,
    ]);
  });
});

const pathOf = (call: string): string => call.split('?')[0] ?? '';

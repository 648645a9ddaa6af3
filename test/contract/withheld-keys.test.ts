import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { endAfterAll } from '../support/process.ts';
import {
  albums,
  artists,
  audiobooks,
  chapters,
  episodes,
  playlists,
  shows,
  startInMode,
  startWithUnknownApp,
  tracks,
  unavailableFields,
  withoutCache,
} from '../support/schema-tests.ts';
import { sharedPath } from '../support/shared.ts';
import type { OnEnd } from '../support/test-end.ts';

/**
 * Keys that Spotify sends to apps with extended quota and not to apps in development mode: the field of each key is
 * null with an entry in `unavailable`, and adds no call and no planned call once the gateway has learned the mode.
 */

const file = sharedPath('shapes');

interface Shapes {
  kinds: Record<string, { extended_only: string[] }>;
}

const shapes = file === null ? null : (JSON.parse(readFileSync(file, 'utf8')) as Shapes);
const withheldKeys = Object.entries(shapes?.kinds ?? {}).flatMap(([kind, { extended_only }]) =>
  extended_only.map((key) => `${kind} ${key}`),
);

/** Keys without a field in the graph. */
const isUnserved = (key: string): boolean => / available_markets$|^playlist\.(short|entry) /.test(key);

interface Field {
  /** The name in `extensions.spotify.unavailable`. */
  name: string;
  /** The selection of the field. */
  selection: string;
  /** Documents that select `FIELD` of objects of the kind. */
  documents: readonly string[];
  /** The selection that replaces `FIELD` in the compared operation. */
  other: string;
}

const ofArtist = {
  documents: [
    `{ artist(id: "${artists.bts}") { FIELD } }`,
    `{ artists(ids: ["${artists.bts}", "${artists.albums9}"]) { FIELD } }`,
    `{ track(id: "${tracks.explicit}") { artists { FIELD } album { artists { FIELD } } } }`,
    `{ artist(id: "${artists.bts}") { albums(first: 10) { nodes { artists { FIELD } } } } }`,
    `{ album(id: "${albums.tracks20}") { tracks(first: 20) { nodes { artists { FIELD } } } } }`,
    `{ search(q: "the", type: [ARTIST]) { artists(first: 10) { nodes { FIELD } } } }`,
    `{ search(q: "the", type: [TRACK]) { tracks(first: 10) { nodes { artists { FIELD } } } } }`,
  ],
  other: 'name',
};
const ofAlbum = {
  documents: [
    `{ album(id: "${albums.tracks20}") { FIELD } }`,
    `{ albums(ids: ["${albums.tracks1}", "${albums.tracks20}"]) { FIELD } }`,
    `{ track(id: "${tracks.explicit}") { album { FIELD } } }`,
    `{ artist(id: "${artists.bts}") { albums(first: 10) { nodes { FIELD } } } }`,
    `{ search(q: "the", type: [ALBUM]) { albums(first: 10) { nodes { FIELD } } } }`,
    `{ search(q: "the", type: [TRACK]) { tracks(first: 10) { nodes { album { FIELD } } } } }`,
  ],
  other: 'name',
};
const ofTrack = {
  documents: [
    `{ track(id: "${tracks.explicit}") { FIELD } }`,
    `{ tracks(ids: ["${tracks.explicit}", "${tracks.restricted}"]) { FIELD } }`,
    `{ album(id: "${albums.tracks20}") { tracks(first: 20) { nodes { FIELD } } } }`,
    `{ search(q: "the", type: [TRACK]) { tracks(first: 10) { nodes { FIELD } } } }`,
  ],
  other: 'name',
};

const ofShow = {
  documents: [
    `{ show(id: "${shows.episodes3}") { FIELD } }`,
    `{ shows(ids: ["${shows.episodes3}", "${shows.gaps}"]) { FIELD } }`,
    `{ episode(id: "${episodes.newest}") { show { FIELD } } }`,
    `{ search(q: "evening", type: [SHOW], market: "US") { shows(first: 10) { nodes { FIELD } } } }`,
  ],
  other: 'name',
};
const ofAudiobook = {
  documents: [
    `{ audiobook(id: "${audiobooks.chapters3}") { FIELD } }`,
    `{ audiobooks(ids: ["${audiobooks.chapters3}", "${audiobooks.gaps}"]) { FIELD } }`,
    `{ chapter(id: "${chapters.first}") { audiobook { FIELD } } }`,
    `{ search(q: "corridor", type: [AUDIOBOOK], market: "US") { audiobooks(first: 10) { nodes { FIELD } } } }`,
  ],
  other: 'name',
};

/** Keys of objects without a recording of development mode. Spotify's guide of February 2026 states them. */
const documentedFields: Readonly<Record<string, Field>> = {
  'show publisher': { name: 'Show.publisher', selection: 'publisher', ...ofShow },
  'audiobook publisher': { name: 'Audiobook.publisher', selection: 'publisher', ...ofAudiobook },
};

const fields: Readonly<Record<string, Field>> = {
  'artist.full followers': { name: 'Artist.followers', selection: 'followers { total }', ...ofArtist },
  'artist.full genres': { name: 'Artist.genres', selection: 'genres', ...ofArtist },
  'artist.full popularity': { name: 'Artist.popularity', selection: 'popularity', ...ofArtist },
  'album.full label': { name: 'Album.label', selection: 'label', ...ofAlbum },
  'album.full popularity': { name: 'Album.popularity', selection: 'popularity', ...ofAlbum },
  'album.short.of_artist album_group': {
    name: 'ArtistAlbumsEdge.albumGroup',
    selection: 'albumGroup',
    documents: [`{ artist(id: "${artists.bts}") { albums(first: 10) { edges { FIELD } } } }`],
    other: 'cursor',
  },
  'track.full popularity': { name: 'Track.popularity', selection: 'popularity', ...ofTrack },
  'track.full preview_url': { name: 'Track.previewUrl', selection: 'previewUrl', ...ofTrack },
  'playlist.full tracks': {
    name: 'Playlist.items',
    selection: 'items { totalCount }',
    documents: [
      `{ playlist(id: "${playlists.items230}") { FIELD } }`,
      `{ search(q: "of", type: [PLAYLIST]) { playlists(first: 10) { nodes { FIELD } } } }`,
    ],
    other: 'name',
  },
  'track.on_album preview_url': { name: 'Track.previewUrl', selection: 'previewUrl', ...ofTrack },
};

/** One full object of each kind, from which the gateway learns the mode of the app. */
const fullObjects = `{ artist(id: "${artists.albums50}") { id }
  album(id: "${albums.tracks50}") { id } track(id: "${tracks.relinked}") { id }
  show(id: "${shows.episodes50}") { id } audiobook(id: "${audiobooks.chapters50}") { id }

  playlist(id: "${playlists.items100}") { id } }`;

/** The values of a selected field at all paths. */
function valuesOf(data: unknown, name: string): unknown[] {
  if (typeof data !== 'object' || data === null) return [];
  return Object.entries(data).flatMap(([key, value]) =>
    key === name && !Array.isArray(data) ? [value] : valuesOf(value, name),
  );
}

/** A gateway without a cache that knows the mode of its app. */
const startWithLearnedMode = {
  development: (onEnd: OnEnd) => startInMode('development', withoutCache, { onEnd }),
  auto: async (onEnd: OnEnd) => {
    const gateway = await startWithUnknownApp('development', withoutCache, { onEnd });
    for (const document of [
      fullObjects,
      `{ artist(id: "${artists.albums50}") { albums(first: 1) { nodes { id } } } }`,
      `{ albums(ids: ["${albums.tracks50}", "${albums.tracks1}"]) { id } }`,
      `{ search(q: "a", type: [TRACK]) { tracks(first: 1) { nodes { id } } } }`,
    ]) {
      expect((await gateway.execute(document)).errors).toEqual([]);
    }
    return gateway;
  },
};

type Gateway = Awaited<ReturnType<(typeof startWithLearnedMode)['auto']>>;

async function executeAndCount({ execute, sandbox, apiCalls }: Gateway, document: string) {
  sandbox.clearCalls();
  const response = await execute(document);
  expect(response.errors).toEqual([]);
  const { plannedCalls, actualCalls } = response.extensions.spotify ?? {};
  return { response, cost: { calls: apiCalls().toSorted(), plannedCalls, actualCalls } };
}

describe.skipIf(shapes === null)('keys that development mode withholds', () => {
  test('every withheld key that has a field is in the table of this file', async () => {
    const servedKeys = withheldKeys.filter((key) => !isUnserved(key));
    expect(servedKeys.filter((key) => !key.startsWith('track.of_playlist')).toSorted()).toEqual(
      Object.keys(fields).toSorted(),
    );
  });

  const all = Object.entries({ ...fields, ...documentedFields });
  const allDocuments = new Set(all.flatMap(([, { documents }]) => documents));
  const cases = (['development', 'auto'] as const).flatMap((mode) =>
    Array.from(allDocuments, (document) => [mode, document] as const),
  );
  describe.each(cases)('%s: in %s', (mode, document) => {
    const keys = all.filter(([, { documents }]) => documents.includes(document));
    const onEnd = endAfterAll();
    let gateway: Gateway;
    beforeAll(async () => {
      gateway = await startWithLearnedMode[mode](onEnd);
    });

    test.each(keys)(
      `${mode}: the withheld %s is null with an entry in \`unavailable\`, and costs no call, in ${document}`,
      async (_, { name, selection, other }) => {
        const compared = await executeAndCount(gateway, document.replaceAll('FIELD', other));
        const { response, cost } = await executeAndCount(gateway, document.replaceAll('FIELD', selection));
        const values = valuesOf(response.data, selection.split(' ')[0] ?? '');
        expect(values.length).toBeGreaterThan(0);
        expect(values).toEqual(values.map(() => null));
        const notes = unavailableFields(response);
        expect(notes).toHaveLength(values.length);
        expect(notes.map((note) => note.replace(/ at .*: /, ': '))).toEqual(
          notes.map(() => expect.stringMatching(`^${name}: (QUOTA_MODE|NOT_SENT)$`)),
        );
        expect(cost).toEqual(compared.cost);
      },
    );
  });
});

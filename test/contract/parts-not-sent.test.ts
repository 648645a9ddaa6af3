import { getNamedType, getNullableType, isLeafType, isNonNullType, isObjectType } from 'graphql';
import { describe, expect, test } from 'vitest';
import { schema } from '../../src/schema/index.ts';
import {
  albums,
  artists,
  audiobooks,
  catalogue,
  chapters,
  dataAndErrorCodes,
  edit,
  episodes,
  errorResponse,
  modes,
  playlists,
  shows,
  startInMode,
  tracks,
  unavailableFields,
} from '../support/schema-tests.ts';

/** Parts that every full object has: each one that Spotify does not send is null with an entry in `unavailable`. */

interface TypeParts {
  /** Selects `FIELD` of an object of the type. */
  document: string;
  /** The path of the object in the response of the gateway. */
  at: string;
  /** The start of the path of its keys in the response of Spotify; by default the object is the whole response. */
  inside?: string;
  /** The key of Spotify by the nullable field that it fills. */
  parts: Readonly<Record<string, string>>;
  /** Nullable fields that an object may lack, and lists with pages or calls of their own. */
  others: readonly string[];
}

const link = { externalUrl: 'external_urls' };
const spokenWord = {
  ...link,
  description: 'description',
  htmlDescription: 'html_description',
  languages: 'languages',
  images: 'images',
  explicit: 'explicit',
};
const series = { ...spokenWord, publisher: 'publisher', mediaType: 'media_type', copyrights: 'copyrights' };
const recording = {
  ...spokenWord,
  releaseDate: 'release_date',
  durationMs: 'duration_ms',
  audioPreviewUrl: 'audio_preview_url',
  isPlayable: 'is_playable',
};
const ofPlaylist = (selection: string) => `{ playlist(id: "${playlists.items3}") { ${selection} } }`;

const types: Readonly<Record<string, TypeParts>> = {
  Artist: {
    document: `{ artist(id: "${artists.bts}") { FIELD } }`,
    at: 'artist',
    parts: {
      ...link,
      images: 'images',
      genres: 'genres',
      followers: 'followers',
      popularity: 'popularity',
    },
    others: ['albums', 'relatedArtists', 'topTracks'],
  },
  Album: {
    document: `{ album(id: "${albums.tracks20}") { FIELD } }`,
    at: 'album',
    parts: {
      ...link,
      albumType: 'album_type',
      releaseDate: 'release_date',
      images: 'images',
      artists: 'artists',
      copyrights: 'copyrights',
      externalIds: 'external_ids',
      genres: 'genres',
      label: 'label',
      popularity: 'popularity',
    },
    // The number of tracks is also in the embedded page.
    others: ['isPlayable', 'restrictions', 'totalTracks', 'tracks'],
  },
  Track: {
    document: `{ track(id: "${tracks.severalArtists}") { FIELD } }`,
    at: 'track',
    parts: {
      ...link,
      discNumber: 'disc_number',
      trackNumber: 'track_number',
      durationMs: 'duration_ms',
      explicit: 'explicit',
      isLocal: 'is_local',
      previewUrl: 'preview_url',
      artists: 'artists',
      album: 'album',
      externalIds: 'external_ids',
      popularity: 'popularity',
    },
    others: ['isPlayable', 'linkedFrom', 'restrictions'],
  },
  Show: {
    document: `{ show(id: "${shows.episodes3}") { FIELD } }`,
    at: 'show',
    parts: { ...series, isExternallyHosted: 'is_externally_hosted', totalEpisodes: 'total_episodes' },
    others: ['episodes'],
  },
  Episode: {
    document: `{ episode(id: "${episodes.newest}") { FIELD } }`,
    at: 'episode',
    parts: {
      ...recording,
      show: 'show',
      language: 'language',
      isExternallyHosted: 'is_externally_hosted',
    },
    others: ['restrictions'],
  },
  Audiobook: {
    document: `{ audiobook(id: "${audiobooks.chapters3}") { FIELD } }`,
    at: 'audiobook',
    parts: { ...series, authors: 'authors', narrators: 'narrators', totalChapters: 'total_chapters' },
    // The edition is the only key of audiobooks that Spotify's OpenAPI document does not require.
    others: ['chapters', 'edition'],
  },
  Chapter: {
    document: `{ chapter(id: "${chapters.first}") { FIELD } }`,
    at: 'chapter',
    parts: { ...recording, audiobook: 'audiobook', chapterNumber: 'chapter_number' },
    others: ['restrictions'],
  },
  Playlist: {
    document: ofPlaylist('FIELD'),
    at: 'playlist',
    parts: {
      ...link,
      description: 'description',
      owner: 'owner',
      collaborative: 'collaborative',
      public: 'public',
      snapshotId: 'snapshot_id',
      images: 'images',
      followers: 'followers',
    },
    others: ['items'],
  },
  PlaylistItem: {
    document: ofPlaylist('items(first: 1) { nodes { FIELD } }'),
    at: 'playlist.items.nodes.0',
    inside: 'items.items.0.',
    parts: { addedAt: 'added_at', addedBy: 'added_by', isLocal: 'is_local' },
    others: ['item'],
  },
  User: {
    document: ofPlaylist('owner { FIELD }'),
    at: 'playlist.owner',
    inside: 'owner.',
    parts: { ...link, displayName: 'display_name' },
    others: ['playlists'],
  },
  Category: {
    document: '{ category(id: "party") { FIELD } }',
    at: 'category',
    parts: { icons: 'icons' },
    others: ['playlists'],
  },
};

const fieldsOf = (typeName: string) => {
  const type = schema.getType(typeName);
  return isObjectType(type) ? Object.values(type.getFields()) : [];
};

describe.each(Object.entries(types))('%s', (typeName, { document, at, inside = '', parts, others }) => {
  test(`every nullable field of ${typeName} is in the table of this file`, () => {
    const nullable = fieldsOf(typeName).filter(({ type }) => !isNonNullType(type));
    expect([...Object.keys(parts), ...others].toSorted()).toEqual(
      nullable.map(({ name }) => name).toSorted(),
    );
  });

  test.each(Object.entries(parts))(
    `${typeName}.%s is null without an error and with an entry in \`unavailable\` if Spotify does not send %s`,
    async (name, key) => {
      const { execute, sandbox, apiCalls } = await startInMode('extended');
      sandbox.faults.add({ fault: edit({ path: inside + key, remove: true }) });
      const response = await execute(document.replace('FIELD', selectionOf(typeName, name)));
      const { data, errors } = dataAndErrorCodes(response);
      expect(errors).toEqual([]);
      expect(data).toMatchObject(at.split('.').reduceRight<object>(nested, { [name]: null }));
      expect(unavailableFields(response)).toEqual([`${typeName}.${name} at ${at}.${name}: NOT_SENT`]);
      expect(apiCalls()).toHaveLength(1);
    },
  );
});

test.each([
  ['Show', 'isExternallyHosted'],
  ['Episode', 'isExternallyHosted'],
  ['Episode', 'audioPreviewUrl'],
  ['Chapter', 'audioPreviewUrl'],
  ['Track', 'previewUrl'],
  ['Playlist', 'description'],
  ['Playlist', 'public'],
  ['PlaylistItem', 'addedAt'],
  ['PlaylistItem', 'addedBy'],
  ['User', 'displayName'],
])('%s.%s is null without an entry in `unavailable` if Spotify sends null', async (typeName, name) => {
  const { document = '', inside = '', parts = {} } = types[typeName] ?? {};
  const { execute, sandbox, apiCalls } = await startInMode('extended');
  sandbox.faults.add({ fault: edit({ path: inside + parts[name], set: null }) });
  const response = await execute(document.replace('FIELD', selectionOf(typeName, name)));
  expect(response.errors).toEqual([]);
  expect(JSON.stringify(response.data)).toContain(`"${name}":null`);
  expect(unavailableFields(response)).toEqual([]);
  expect(apiCalls()).toHaveLength(1);
});

test.each([
  ['Album', 'album', `album(id: "${albums.tracks20}") { isPlayable }`, ''],
  ['Track', 'track', `track(id: "${tracks.severalArtists}") { isPlayable }`, ''],
  ['Album', 'album', `album(id: "${albums.tracks20}", market: "ES") { isPlayable }`, ''],
  ['Track', 'track', `track(id: "${tracks.severalArtists}", market: "ES") { isPlayable }`, ''],
  [
    'Track',
    'album.tracks.nodes.0',
    `album(id: "${albums.tracks20}", market: "ES") { tracks(first: 1) { nodes { isPlayable } } }`,
    'tracks.items.0.',
  ],
])(
  '%s.isPlayable at %s is null with an entry in `unavailable` and without a further call if Spotify does not send it, for a market or without one',
  async (typeName, at, selection, inside) => {
    const { execute, sandbox, apiCalls } = await startInMode('extended');
    sandbox.faults.add({ fault: edit({ path: `${inside}is_playable`, remove: true }) });
    const response = await execute(`{ ${selection} }`);
    expect(response.errors).toEqual([]);
    expect(JSON.stringify(response.data)).toContain('"isPlayable":null');
    expect(unavailableFields(response)).toEqual([`${typeName}.isPlayable at ${at}.isPlayable: NOT_SENT`]);
    expect(apiCalls()).toHaveLength(1);
  },
);

test.each(['', ', market: "ES"'])(
  'isPlayable of the track that Spotify replaced is null with an entry in `unavailable`, because the track is read without a market (%j)',
  async (market) => {
    const { execute, sandbox, apiCalls } = await startInMode('extended');
    const set = { id: tracks.relinked, uri: `spotify:track:${tracks.relinked}`, type: 'track' };
    sandbox.faults.add({ times: 1, fault: edit({ path: 'linked_from', set }) });
    const response = await execute(
      `{ track(id: "${tracks.severalArtists}"${market}) { linkedFrom { isPlayable } } }`,
    );
    expect(response.errors).toEqual([]);
    expect(response.data).toEqual({ track: { linkedFrom: { isPlayable: null } } });
    expect(unavailableFields(response)).toEqual([
      'Track.isPlayable at track.linkedFrom.isPlayable: NOT_SENT',
    ]);
    expect(apiCalls()).toHaveLength(2);
  },
);

test('an album in a track that is not found by its id keeps its values, and each field of the full album is null with an entry in `unavailable`', async () => {
  const { execute, sandbox, apiCalls } = await startInMode('extended');
  const fault = errorResponse(404, 'Resource not found');
  sandbox.faults.add({ on: { route: 'albums' }, fault });
  const selection = 'name images { url } label tracks(first: 1) { totalCount }';
  const response = await execute(`{ track(id: "${tracks.explicit}") { album { ${selection} } } }`);
  const { id = '', name } = catalogue.album(catalogue.track(tracks.explicit)?.albumId ?? '') ?? {};
  const album = { name, images: expect.arrayContaining([expect.anything()]), label: null, tracks: null };
  expect(dataAndErrorCodes(response)).toEqual({ data: { track: { album } }, errors: [] });
  expect(unavailableFields(response).toSorted()).toEqual([
    'Album.label at track.album.label: NOT_SENT',
    'Album.tracks at track.album.tracks: NOT_SENT',
  ]);
  expect(apiCalls()).toEqual([`/tracks/${tracks.explicit}`, `/albums/${id}`]);
});

const albumsOf = {
  "an artist's list": [`artist(id: "${artists.albums9}") { albums(first: 3) { nodes`, 'items.1.'],
  'a search': ['search(q: "rooms") { albums(first: 3) { nodes', 'albums.items.1.'],
} as const;

describe.each(Object.entries(albumsOf))('an album in %s', (_, [selection, inside]) => {
  const parts = {
    images: 'images',
    artists: 'artists',
    releaseDate: 'release_date',
    totalTracks: 'total_tracks',
  };

  test.each(modes.flatMap((mode) => Object.entries(parts).map(([name, key]) => [name, key, mode] as const)))(
    'the %s of a listed album is null with an entry in `unavailable`, and costs no call before the album is read by its id, if Spotify sends null as %s (%s)',
    async (name, key, mode) => {
      const { execute, sandbox, apiCalls } = await startInMode(mode);
      const on = { route: selection.startsWith('search') ? 'search' : 'artists/albums' } as const;
      sandbox.faults.add({ on, fault: edit({ path: inside + key, set: null }) });
      const field = selectionOf('Album', name);
      const response = await execute(`{ ${selection} { id ${field} } } } }`);
      expect(response.errors).toEqual([]);
      const [note, ...otherNotes] = unavailableFields(response);
      expect(note).toMatch(new RegExp(`^Album.${name} at .*nodes.1.${name}: NOT_SENT$`));
      expect(otherNotes).toEqual([]);
      const { plannedCalls } = response.extensions.spotify ?? {};
      expect(apiCalls()).toHaveLength(plannedCalls ?? 0);

      const [id] = JSON.stringify(response.data).match(new RegExp(`\\w{22}(?=","${name}":null)`)) ?? [];
      sandbox.clearCalls();
      const read = await execute(`{ album(id: "${id}") { ${field} } }`);
      expect(read.errors).toEqual([]);
      expect(JSON.stringify(read.data)).not.toContain(`"${name}":null`);
      expect(apiCalls()).toEqual([`/albums/${id}`]);
    },
  );
});

const nested = (value: object, key: string): object => (key === '0' ? [value] : { [key]: value });

/** The field with a selection of one of its fields, if it needs one. */
function selectionOf(typeName: string, name: string): string {
  const field = fieldsOf(typeName).find((candidate) => candidate.name === name);
  const type = field && getNamedType(getNullableType(field.type));
  return isLeafType(type) ? name : `${name} { __typename }`;
}

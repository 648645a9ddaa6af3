import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  kinds as definitions,
  parseId,
  parseReference,
  typedKinds,
} from '../../../../src/datasources/spotify/kinds/index.ts';
import { isNamed } from '../../../../src/datasources/spotify/kinds/kind.ts';
import { isInRange } from '../../../../src/datasources/spotify/kinds/spotify-id.ts';
import {
  albums,
  artists,
  audiobooks,
  catalogue,
  chapters,
  dataAndErrorCodes,
  episodes,
  jsonList,
  modes,
  playlists,
  shows,
  startInMode,
  tracks,
  withoutCache,
  withoutErrors,
} from '../../../support/schema-tests.ts';

const entities = {
  artist: { id: artists.bts, name: 'BTS' },
  album: { id: albums.tracks20, name: 'Twenty Rooms' },
  track: { id: tracks.severalArtists, name: catalogue.track(tracks.severalArtists)?.name },
  show: { id: shows.episodes3, name: 'Three Evenings' },
  playlist: { id: playlists.items3, name: 'Three of a Kind' },
  episode: { id: episodes.newest, name: catalogue.episode(episodes.newest)?.name },
  audiobook: { id: audiobooks.chapters3, name: 'Three Corridors' },
  chapter: { id: chapters.first, name: 'Opening Credits' },
};
const kindsInBatches = ['artist', 'album', 'track', 'show', 'episode', 'audiobook', 'chapter'] as const;
const kinds = [...kindsInBatches, 'playlist'] as const;
type Kind = (typeof kinds)[number];

/** The market that the gateway adds to a request: Spotify finds podcasts and audiobooks only with a market. */
const market = (kind: Kind, sign = '?') => {
  if (kind === 'playlist') return '?additional_types=track%2Cepisode&market=US';
  return 'fallbackMarket' in definitions[kind] ? `${sign}market=US` : '';
};

/** Every form of the id of an entity. */
const forms = (kind: Kind, id: string): string[] => [
  id,
  `spotify:${kind}:${id}`,
  `https://open.spotify.com/${kind}/${id}`,
  `https://open.spotify.com/${kind}/${id}?si=9f2c41d0a7b84e55`,
  `https://open.spotify.com/intl-de/${kind}/${id}?si=9f2c41d0a7b84e55&context=x#t=1`,
  `https://open.spotify.com/${kind}/${id}#t=1`,
];

/** Variants of links and URIs that people paste. */
const pasted = (kind: Kind, id: string): string[] => [
  `http://open.spotify.com/${kind}/${id}`,
  `HTTPS://Open.Spotify.COM/${kind}/${id}`,
  `open.spotify.com/${kind}/${id}`,
  `https://open.spotify.com/embed/${kind}/${id}?utm_source=generator&theme=0`,
  `https://open.spotify.com/intl-pt/${kind}/${id}/`,
  `https://open.spotify.com/intl-pt-BR/embed/${kind}/${id}`,
  `https://open.spotify.com/${kind}/${id}/?si=9f2c41d0a7b84e55`,
  `https://open.spotify.com/${kind}/${id}/discography/all?pageUri=spotify:album:x`,
  ` https://open.spotify.com/${kind}/${id}\n`,
  `\t open.spotify.com/${kind}/${id}?si=1 `,
  `spotify:${kind}:${id}?si=9f2c41d0a7b84e55`,
  `spotify:${kind}:${id}#1:30`,
  ` spotify:${kind}:${id} `,
];

/** Texts that are an id of no kind. */
const malformed = [
  '',
  ' ',
  '../me',
  '..',
  '%2e%2e/me',
  '/me',
  'a?b=c',
  'a#b',
  artists.bts.slice(1),
  `${artists.bts}x`,
  ` ${artists.bts}`,
  `${artists.bts}\n`,
  `${artists.bts.slice(1)}é`,
  `${artists.bts.slice(1)}/`,
  `${artists.bts.slice(2)}..`,
  `spotify:artist:${artists.bts}x`,
  'spotify:artist:',
  `spotify:user:${artists.bts}`,
  `SPOTIFY:ARTIST:${artists.bts}`,
  `https://evil.example/artist/${artists.bts}`,
  `https://open.spotify.com.evil.example/artist/${artists.bts}`,
  `https://open.spotify.com@evil.example/artist/${artists.bts}`,
  `https://open.spotify.com/artist/${artists.bts}/../../me`,
  `https://open.spotify.com/artist/../artist/${artists.bts}`,
  `ftp://open.spotify.com/artist/${artists.bts}`,
  `https://open.spotify.com:8080/artist/${artists.bts}`,
  `//open.spotify.com/artist/${artists.bts}`,
  `https://open.spotify.com/artist/${artists.bts.toUpperCase()}x`,
  `https://open.spotify.com/artist/${artists.bts}/../me`,
  `https://open.spotify.com/artist/${artists.bts}/%2e%2e/me`,
  `https://open.spotify.com/artist/ ${artists.bts}`,
  `javascript:https://open.spotify.com/artist/${artists.bts}`,
  'x'.repeat(50_000),
  `https://open.spotify.com/artist/${artists.bts}?${'x'.repeat(50_000)}`,
];

describe.each(kinds)('the id of one %s', (kind) => {
  const entity = entities[kind];

  test(`an id of the kind ${kind} is accepted as 22 characters, as a URI and as a link, and costs one call in each form`, async () => {
    const { execute, apiCalls, sandbox } = await startInMode('development', withoutCache);
    for (const id of [...forms(kind, entity.id), ...pasted(kind, entity.id)]) {
      sandbox.clearCalls();
      expect(
        dataAndErrorCodes(await execute(`query ($id: ID!) { ${kind}(id: $id) { id name } }`, { id })),
      ).toEqual(withoutErrors({ [kind]: entity }));
      expect(apiCalls()).toEqual([`/${kind}s/${entity.id}${market(kind)}`]);
    }
  });

  test(`an id of the kind ${kind} is rejected if its URI or link names another kind, and costs no call`, async () => {
    const { execute, sandbox } = await startInMode('development');
    for (const other of kinds.filter((name) => !isNamed(typedKinds[kind], name))) {
      for (const id of forms(other, entities[other].id).slice(1)) {
        const response = await execute(`query ($id: ID!) { it: ${kind}(id: $id) { id } }`, { id });
        expect(dataAndErrorCodes(response)).toEqual({
          data: { it: null },
          errors: [['it', 'BAD_USER_INPUT']],
        });
        expect(response.errors[0]?.message).toMatch(
          new RegExp(`^This names an? ${other}: give the id, URI or link of an? ${kind}\\.$`),
        );
        expect(sandbox.calls()).toEqual([]);
      }
    }
  });
});

describe('the forms of a URI or a link that Spotify has used before', () => {
  const { id } = entities.playlist;

  test.each([
    `spotify:user:spotify:playlist:${id}`,
    `spotify:user:j%C3%B6rg.m:playlist:${id}?si=1`,
    `https://open.spotify.com/user/spotify/playlist/${id}`,
    `http://open.spotify.com/user/j%C3%B6rg.m/playlist/${id}?si=1`,
    `https://open.spotify.com/embed/user/spotify/playlist/${id}`,
  ])('a playlist is found by a URI or a link that names its owner first: %s', async (reference) => {
    const { execute } = await startInMode('development');
    const document = 'query ($id: ID!) { playlist(id: $id) { id } node(id: $id) { id } }';
    expect(dataAndErrorCodes(await execute(document, { id: reference }))).toEqual(
      withoutErrors({ playlist: { id }, node: { id } }),
    );
  });

  test.each(['show', 'episode'] as const)(
    'the link of an embedded podcast is accepted for: %s',
    async (kind) => {
      const { execute } = await startInMode('development');
      const link = `https://open.spotify.com/embed-podcast/${kind}/${entities[kind].id}?utm_source=generator`;
      expect(
        dataAndErrorCodes(await execute(`query ($id: ID!) { ${kind}(id: $id) { id } }`, { id: link })),
      ).toEqual(withoutErrors({ [kind]: { id: entities[kind].id } }));
    },
  );

  test.each([`spotify:user:spotify:track:${id}`, `https://open.spotify.com/user/spotify/album/${id}`])(
    'a user is no part of the URI or the link of another kind than a playlist: %s',
    async (reference) => {
      const { execute, sandbox } = await startInMode('development');
      const response = await execute('query ($id: ID!) { node(id: $id) { id } }', { id: reference });
      expect(dataAndErrorCodes(response)).toEqual({
        data: { node: null },
        errors: [['node', 'BAD_USER_INPUT']],
      });
      expect(sandbox.calls()).toEqual([]);
    },
  );
});

describe.each(kindsInBatches)('the ids of several objects of the kind %s', (kind) => {
  const entity = entities[kind];

  test.each(modes)(
    `several ids of the kind ${kind} are accepted in every form, with one call for all forms (%s)`,
    async (mode) => {
      const { execute, apiCalls } = await startInMode(mode);
      const ids = forms(kind, entity.id);
      expect(
        dataAndErrorCodes(await execute(`query ($ids: [ID!]!) { ${kind}s(ids: $ids) { id name } }`, { ids })),
      ).toEqual(withoutErrors({ [`${kind}s`]: ids.map(() => entity) }));
      expect(apiCalls()).toEqual([`/${kind}s/${entity.id}${market(kind)}`]);
    },
  );
});

describe('the URI or the link of a kind that is not in the graph', () => {
  const id = '37i9dQZF1DXcBWIGoYBM5M';
  test.each([
    [`spotify:user:${id}`, 'a user URI'],
    [`https://open.spotify.com/user/${id}?si=1`, 'a user link'],
  ])(
    'the URI or the link of a kind that is not in the graph is rejected with the name of the kind, and costs no call: %s',
    async (input, name) => {
      const { execute, sandbox } = await startInMode('development');
      for (const field of [...kinds, 'node']) {
        const response = await execute(`query ($id: ID!) { it: ${field}(id: $id) { id } }`, { id: input });
        expect(dataAndErrorCodes(response)).toEqual({
          data: { it: null },
          errors: [['it', 'BAD_USER_INPUT']],
        });
        expect(response.errors[0]?.message).toBe(
          `This is ${name}: this API has artists, albums, tracks, shows, episodes, audiobooks, chapters and playlists only.`,
        );
      }
      expect(sandbox.calls()).toEqual([]);
    },
  );
});

describe('a text that is not an id', () => {
  test('a text that is not an id costs no call, not even for a token', async () => {
    const { execute, sandbox } = await startInMode('development');
    const fields = [...kinds, 'node'];
    const document = `query ($id: ID!) { ${fields.map((field) => `${field}(id: $id) { id }`).join(' ')} }`;
    for (const id of malformed) {
      const response = await execute(document, { id });
      expect(response.status, id).toBe(200);
      expect(dataAndErrorCodes(response), id).toEqual({
        data: Object.fromEntries(fields.map((field) => [field, null])),
        errors: fields.map((field) => [field, 'BAD_USER_INPUT']),
      });
      expect(sandbox.calls(), id).toEqual([]);
    }
  });

  test.each([...kindsInBatches, 'node'])(
    'a text that is not an id makes only its own item null in a list of %ss',
    async (field) => {
      const good = field === 'node' ? 'artist' : (field as Kind);
      const uri = `spotify:${good}:${entities[good].id}`;
      const bad = malformed.slice(2, 8);
      const { execute, apiCalls } = await startInMode('development');
      const ids = [uri, ...bad, uri];
      const entry = { id: entities[good].id };
      expect(
        dataAndErrorCodes(await execute(`query ($ids: [ID!]!) { ${field}s(ids: $ids) { id } }`, { ids })),
      ).toEqual({
        data: { [`${field}s`]: [entry, ...bad.map(() => null), entry] },
        errors: bad.map((_, i) => [`${field}s.${i + 1}`, 'BAD_USER_INPUT']),
      });
      expect(apiCalls()).toEqual([`/${good}s/${entry.id}${market(good)}`]);
    },
  );

  test('a text that is not an id is rejected within 50 ms, even if the text has a megabyte', () => {
    const startedMs = performance.now();
    expect(() => parseReference('x'.repeat(1_000_000))).toThrow('Not a Spotify id');
    expect(() => parseId(`spotify:artist:${'1'.repeat(1_000_000)}`, 'artist')).toThrow('Not a Spotify id');
    expect(performance.now() - startedMs).toBeLessThan(50);
  });
});

describe('an id that is larger than all ids of Spotify', () => {
  const largest = '7N42dgm5tFLK9N8MT7fHC7';
  const tooLarge = ['7N42dgm5tFLK9N8MT7fHC8', '7N42dgm5tFLK9N8MT80000', 'Z'.repeat(22)];

  test('an id that is larger than all ids of Spotify is detected by the order of its digits: lower case before upper case', () => {
    const inRange = (id: string) => isInRange(parseId(id, 'artist'));
    expect(['0'.repeat(22), artists.bts, largest, `6${'Z'.repeat(21)}`].map(inRange)).toEqual(
      Array(4).fill(true),
    );
    expect([...tooLarge, `a${'0'.repeat(21)}`, `7N42d${'Z'.repeat(17)}`].map(inRange)).toEqual(
      Array(5).fill(false),
    );
  });

  test.each(kinds)(
    'an id that is larger than all ids of Spotify gives null without an error, like an id that does not exist (%s)',
    async (kind) => {
      for (const mode of modes) {
        const { execute } = await startInMode(mode);
        for (const id of [largest, ...tooLarge]) {
          const document = `query ($id: ID!) { ${kind}(id: $id) { id } node(id: $id) { id } }`;
          expect(dataAndErrorCodes(await execute(document, { id }))).toEqual(
            withoutErrors({ [kind]: null, node: null }),
          );
        }
      }
    },
  );

  test.each(kindsInBatches)(
    'an id that is larger than all ids of Spotify is left out of a batch, so that the other ids still share a call (%s)',
    async (kind) => {
      const { execute, apiCalls } = await startInMode('extended');
      const { id } = entities[kind];
      const others = {
        artist: artists.albums1,
        album: albums.tracks1,
        track: tracks.explicit,
        show: shows.gaps,
        episode: episodes.restricted,
        audiobook: audiobooks.gaps,
        chapter: chapters.restricted,
      };
      const ids = [id, ...tooLarge, largest, others[kind]];
      expect(dataAndErrorCodes(await execute(`{ ${kind}s(ids: ${jsonList(ids)}) { id } }`))).toEqual(
        withoutErrors({ [`${kind}s`]: [{ id }, null, null, null, null, { id: others[kind] }] }),
      );
      const batches = apiCalls().filter((path) => path.includes('ids='));
      expect(batches).toEqual([
        `/${kind}s?ids=${[id, largest, others[kind]].join('%2C')}${market(kind, '&')}`,
      ]);
    },
  );
});

describe('any text', () => {
  const idCharacters = fc.constantFrom(...'0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ');
  const ids = fc.string({ unit: idCharacters, minLength: 22, maxLength: 22 });
  // Not `fc.string({ unit: 'binary' })`, which makes a table of all characters of Unicode for each arbitrary.
  const codePoints = fc.oneof(fc.nat(0xd7ff), fc.integer({ min: 0xe000, max: 0x10ffff }));
  const anyText = (length?: fc.ArrayConstraints) =>
    fc.array(codePoints, length).map((points) => String.fromCodePoint(...points));
  // Not `fc.webPath()` and `fc.webUrl()`, which percent-encode all characters of Unicode before the first run.
  const pathCharacters = fc.oneof(
    idCharacters,
    fc.constantFrom(..."-._~!$&'()*+,;=:@"),
    codePoints.map((point) => encodeURIComponent(String.fromCodePoint(point))),
  );
  const pathSegments = fc.array(pathCharacters).map((characters) => `/${characters.join('')}`);
  const webPaths = fc.array(pathSegments).map((segments) => segments.join(''));
  const hostLabels = fc.string({ unit: idCharacters, minLength: 1, maxLength: 10 });
  const hosts = fc.array(hostLabels, { minLength: 2, maxLength: 4 }).map((labels) => labels.join('.'));
  const webUrls = fc
    .tuple(fc.constantFrom('http', 'https'), hosts, webPaths)
    .map(([scheme, host, path]) => `${scheme}://${host}${path}`);
  const validText = fc
    .tuple(ids, fc.constantFrom(...kinds), fc.nat(18))
    .map(([id, kind, form]) => [...forms(kind, id), ...pasted(kind, id)][form] ?? id);
  /** A valid form into which random characters are inserted, or in which they replace others. */
  const corruptedText = fc
    .tuple(validText, anyText({ minLength: 1, maxLength: 3 }), fc.nat(90), fc.nat(3))
    .map(([text, inserted, at, cut]) => text.slice(0, at) + inserted + text.slice(at + cut));
  const texts = fc.oneof(anyText(), fc.string(), webUrls, webPaths, validText, corruptedText);

  test('any text is either rejected or one of the three forms of an id, and only the id becomes part of a URL', {
    timeout: 60_000,
  }, async () => {
    const { execute, sandbox } = await startInMode('development');
    const document =
      'query ($id: ID!) { artist(id: $id) { id } album(id: $id) { id } track(id: $id) { id } node(id: $id) { id } }';
    await fc.assert(
      fc.asyncProperty(texts, async (id) => {
        sandbox.clearCalls();
        const { errors } = await execute(document, { id });
        const idsInText = id.match(/(?<![0-9A-Za-z])[0-9A-Za-z]{22}(?![0-9A-Za-z])/g) ?? [];
        const rejections = errors.filter(({ extensions }) => extensions?.['code'] === 'BAD_USER_INPUT');
        expect(rejections).toEqual(errors);
        const paths = sandbox.calls().filter(({ kind }) => kind === 'api');
        if (errors.length === 4) expect(paths).toEqual([]);
        const allowed = idsInText.flatMap((one) => kinds.map((kind) => `/${kind}s/${one}${market(kind)}`));
        for (const { path } of paths) expect(allowed).toContain(path);
      }),
      { numRuns: 300 },
    );
  });
});

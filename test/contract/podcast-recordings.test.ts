import { describe, expect, test } from 'vitest';
import { showEpisodes } from '../../src/datasources/spotify/kinds/episode.ts';
import { parseId } from '../../src/datasources/spotify/kinds/index.ts';
import { fallbackMarket } from '../../src/datasources/spotify/kinds/markets.ts';
import { pagedList } from '../../src/datasources/spotify/kinds/requests/lists.ts';
import { cursorsOf } from '../../src/schema/relay/page-arguments.ts';
import { startGateway } from '../support/gateway.ts';
import { episodeFields, showFields } from '../support/podcasts.ts';
import { type Recording, readRecordings, startReplay } from '../support/replay.ts';
import { sharedPath } from '../support/shared.ts';

/** Recorded shows and episodes reach clients with the recorded values. The recordings are of 2021. */

interface RecordedPodcast {
  id: string;
  name: string;
  uri: string;
  external_urls: { spotify: string };
  description: string;
  html_description: string;
  languages: string[];
  explicit: boolean;
  is_externally_hosted: boolean;
  images: { url: string; width: number; height: number }[];
}

interface RecordedShow extends RecordedPodcast {
  publisher: string;
  media_type: string;
  copyrights: object[];
  total_episodes: number;
  episodes?: { items: RecordedEpisode[]; total: number };
}

interface RecordedEpisode extends RecordedPodcast {
  release_date: string;
  release_date_precision: string;
  duration_ms: number;
  language: string;
  is_playable: boolean;
  audio_preview_url: string | null;
  show?: RecordedShow;
}

const common = (json: RecordedPodcast) => ({
  id: json.id,
  name: json.name,
  uri: json.uri,
  externalUrl: json.external_urls.spotify,
  description: json.description,
  htmlDescription: json.html_description,
  languages: json.languages,
  explicit: json.explicit,
  isExternallyHosted: json.is_externally_hosted,
  images: json.images,
});

const show = (json: RecordedShow) => ({
  ...common(json),
  publisher: json.publisher,
  mediaType: json.media_type.toUpperCase(),
  copyrights: json.copyrights,
  totalEpisodes: json.total_episodes,
});

const episode = (json: RecordedEpisode) => ({
  ...common(json),
  releaseDate: { date: json.release_date, precision: json.release_date_precision.toUpperCase() },
  durationMs: json.duration_ms,
  language: json.language,
  isPlayable: json.is_playable,
  restrictions: null,
  audioPreviewUrl: json.audio_preview_url,
});

const folder = sharedPath('recordings');
/** Recordings without a market get the market that the gateway sends by default. */
const recordings = (folder === null ? [] : readRecordings(folder)).map((recording): Recording => {
  const url = new URL(recording.url);
  if (!/^\/v1\/(shows|episodes)\b/.test(url.pathname) || url.searchParams.has('market')) return recording;
  url.searchParams.set('market', fallbackMarket);
  return { ...recording, url: url.href };
});

function recorded<T>(name: string): { recording: Recording; json: T } {
  const recording = recordings.find((other) => other.name === `rspotify/${name}.json`);
  if (!recording) throw new Error(`There is no recording ${name}.`);
  return { recording, json: JSON.parse(recording.text) as T };
}

async function execute<T>(recording: Recording, document: string) {
  const replay = await startReplay([recording]);
  const { data, errors } = await startGateway(replay).execute<T, unknown>(document);
  const calls = replay.calls().filter((call) => call !== '200 token');
  return { data, errors, calls };
}

describe.skipIf(folder === null)('recorded podcasts', () => {
  test('a show has the recorded values, and its first fifty episodes for the same call', async () => {
    const { recording, json } = recorded<RecordedShow>('show_find_5CfCWKI5pZ28U0uOzXkDHe');
    const document = `{ show(id: "${json.id}") { ${showFields}
      episodes(first: 50) { totalCount nodes { ${episodeFields} } pageInfo { hasNextPage } } } }`;
    const { data, errors, calls } = await execute(recording, document);
    const nodes = json.episodes?.items.map(episode);
    expect(nodes).toHaveLength(50);
    const episodes = { totalCount: 53, nodes, pageInfo: { hasNextPage: true } };
    expect({ data, errors }).toEqual({ data: { show: { ...show(json), episodes } }, errors: [] });
    expect(calls).toEqual([`200 /shows/${json.id}?market=US`]);
  });

  test('shows of a batch have the recorded values', async () => {
    const name = 'show_find_many_5CfCWKI5pZ28U0uOzXkDHe_5as3aKmN2k11yfDDDSrvaZ';
    const { recording, json } = recorded<{ shows: RecordedShow[] }>(name);
    const ids = json.shows.map(({ id }) => id);
    const { data, errors, calls } = await execute(
      recording,
      `{ shows(ids: ${JSON.stringify(ids)}) { ${showFields} } }`,
    );
    expect({ data, errors }).toEqual({ data: { shows: json.shows.map(show) }, errors: [] });
    expect(calls).toHaveLength(1);
  });

  test('an episode has the recorded values and those of its show', async () => {
    const { recording, json } = recorded<RecordedEpisode>('episode_find_5NxzDE5TmviUV8te2eZjMP_market_ES');
    const { data, errors, calls } = await execute(
      recording,
      `{ episode(id: "${json.id}", market: "ES") { ${episodeFields} show { ${showFields} } } }`,
    );
    const expected = { ...episode(json), show: json.show && show(json.show) };
    expect({ data, errors }).toEqual({ data: { episode: expected }, errors: [] });
    expect(calls).toEqual([`200 /episodes/${json.id}?market=ES`]);
  });

  test('episodes of a batch have the recorded values', async () => {
    const { recording, json } = recorded<{ episodes: RecordedEpisode[] }>(
      'episode_find_array_18RPZgmvEGKtEC2WMTHghd',
    );
    const ids = json.episodes.map(({ id }) => id);
    const { data, errors, calls } = await execute(
      recording,
      `{ episodes(ids: ${JSON.stringify(ids)}) { ${episodeFields} show { name } } }`,
    );
    const expected = json.episodes.map((recorded) => ({
      ...episode(recorded),
      show: { name: recorded.show?.name },
    }));
    expect({ data, errors }).toEqual({ data: { episodes: expected }, errors: [] });
    expect(calls).toHaveLength(1);
  });

  test('a page of the episodes of a show has the recorded episodes, with the learned page size of the app', async () => {
    const { recording, json } = recorded<{ items: RecordedEpisode[] }>(
      'show_find_5CfCWKI5pZ28U0uOzXkDHe_episodes',
    );
    const id = parseId('5CfCWKI5pZ28U0uOzXkDHe', 'show');
    const { encode } = cursorsOf(pagedList(showEpisodes, id, undefined, fallbackMarket));
    const single = { ...recorded<RecordedShow>('show_find_5CfCWKI5pZ28U0uOzXkDHe') };
    const withoutEpisodes = {
      ...single.recording,
      text: JSON.stringify({ ...single.json, episodes: undefined }),
    };
    const replay = await startReplay([withoutEpisodes, recording]);
    const { data, errors } = await startGateway(replay).execute(
      `{ show(id: "${id}") { episodes(first: 20, after: "${encode({ slot: 19, id: null, total: 53 })}") {
        totalCount nodes { ${episodeFields} } pageInfo { hasPreviousPage hasNextPage } } } }`,
    );
    const pageInfo = { hasPreviousPage: true, hasNextPage: true };
    const episodes = { totalCount: 53, nodes: json.items.map(episode), pageInfo };
    expect({ data, errors }).toEqual({ data: { show: { episodes } }, errors: [] });
  });
});

import type { Episode, QuotaMode, Show } from '../../src/sandbox/index.ts';
import { catalogue, shows } from './schema-tests.ts';
import { imagesAt } from './truth.ts';

/** The expected response data of shows and episodes. */

export const showFields = `id name uri externalUrl description htmlDescription publisher mediaType languages
  explicit isExternallyHosted images { url width height } copyrights { text type } totalEpisodes`;

export const episodeFields = `id name uri externalUrl description htmlDescription releaseDate { date precision }
  durationMs language languages images { url width height } explicit isExternallyHosted isPlayable
  restrictions { reason } audioPreviewUrl`;

/** The market in which the catalogue has the show. */
export const marketOf = (showId: string): string => (showId === shows.onlyGermany ? 'DE' : 'US');

/** Unescapes HTML. */
export const plain = (text: string): string =>
  text.replaceAll('&#39;', "'").replaceAll('&quot;', '"').replaceAll('&amp;', '&');

/** @param imagesUrl base URL of the sandbox's images */
export function podcastTruth(mode: QuotaMode, imagesUrl: string) {
  return {
    show: (show: Show) => ({
      id: show.id,
      name: show.name,
      uri: `spotify:show:${show.id}`,
      externalUrl: `https://open.spotify.com/show/${show.id}`,
      description: plain(show.description),
      htmlDescription: show.htmlDescription,
      publisher: mode === 'extended' ? show.publisher : null,
      mediaType: show.mediaType.toUpperCase(),
      languages: show.languages,
      explicit: show.explicit,
      isExternallyHosted: false,
      images: imagesAt(imagesUrl, show.images),
      copyrights: [],
      totalEpisodes: show.totalEpisodes,
    }),
    episode: (episode: Episode) => ({
      id: episode.id,
      name: episode.name,
      uri: `spotify:episode:${episode.id}`,
      externalUrl: `https://open.spotify.com/episode/${episode.id}`,
      description: plain(episode.description),
      htmlDescription: episode.htmlDescription,
      releaseDate: { date: episode.releaseDate, precision: episode.precision.toUpperCase() },
      durationMs: episode.durationMs,
      language: episode.languages[0],
      languages: episode.languages,
      images: imagesAt(imagesUrl, episode.images),
      explicit: episode.explicit,
      isExternallyHosted: false,
      isPlayable: episode.restriction === undefined,
      restrictions: episode.restriction === undefined ? null : { reason: episode.restriction.toUpperCase() },
      audioPreviewUrl: episode.previewUrl,
    }),
  };
}

/** The ids of a show's readable episodes with their slots. */
export const episodeSlots = (showId: string): { slot: number; id: string }[] =>
  catalogue
    .episodesOf(showId)
    .flatMap((entry, slot) => (entry.shows === 'episode' ? [{ slot, id: entry.episodeId }] : []));

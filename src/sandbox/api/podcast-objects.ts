import type { Episode, Image, Show } from '../catalogue/model.ts';
import { withheldFields } from '../quota-mode.ts';
import { type JsonObject, marketParameter, without } from './object-parts.ts';
import { type PageDetails, slice, writePage } from './page.ts';
import type { RequestContext, Window } from './request-context.ts';

/** Writes shows and episodes in Spotify's format, without the fields that the app may not see. */
export interface PodcastObjects {
  /** The simplified object, as in a search, in a batch and in an episode. */
  show(show: Show): JsonObject;
  fullShow(show: Show): JsonObject;
  /** The simplified object, as in lists. */
  listedEpisode(episode: Episode): JsonObject;
  fullEpisode(episode: Episode): JsonObject;
  /** One page of a show's list. */
  episodePage(show: Show, window: Window): unknown;
}

// A show embeds at most this number of episodes.
const embeddedEpisodes = 50;

/** @param market the market that the call is for, null for none */
export function createPodcastObjects(request: RequestContext, market: string | null): PodcastObjects {
  const { catalogue, conditions, apiUrl, imagesUrl } = request;
  const withheld = withheldFields[conditions.quotaMode];

  // Keys are in the order of the recorded responses.

  const images = (catalogueImages: readonly Image[]) =>
    catalogueImages.map(({ file, width, height }) => ({ height, url: imagesUrl + file, width }));

  const showWith = (show: Show, episodes?: unknown): JsonObject =>
    without(withheld.show, {
      // Shows have their markets even if the request names a market (recorded in 2021).
      available_markets: show.markets,
      copyrights: [],
      description: show.description,
      ...(episodes !== undefined && { episodes }),
      explicit: show.explicit,
      ...links(apiUrl, 'show', show.id),
      html_description: show.htmlDescription,
      id: show.id,
      images: images(show.images),
      is_externally_hosted: false,
      languages: show.languages,
      media_type: show.mediaType,
      name: show.name,
      publisher: show.publisher,
      total_episodes: show.totalEpisodes,
      type: 'show',
      uri: `spotify:show:${show.id}`,
    });

  const episodeWith = (episode: Episode, show?: Show): JsonObject => ({
    audio_preview_url: episode.previewUrl,
    description: episode.description,
    duration_ms: episode.durationMs,
    explicit: episode.explicit,
    ...links(apiUrl, 'episode', episode.id),
    html_description: episode.htmlDescription,
    id: episode.id,
    images: images(episode.images),
    is_externally_hosted: false,
    is_playable: episode.restriction === undefined,
    language: episode.languages[0] ?? '',
    languages: episode.languages,
    name: episode.name,
    release_date: episode.releaseDate,
    release_date_precision: episode.precision,
    ...(episode.restriction !== undefined && { restrictions: { reason: episode.restriction } }),
    ...(show && { show: showWith(show) }),
    type: 'episode',
    uri: `spotify:episode:${episode.id}`,
  });

  const episodePage = (show: Show, window: Window): unknown => {
    const slots = catalogue.episodesOf(show.id);
    const items = slice(slots, window).flatMap((slot) => {
      if (slot.shows === 'nothing') return [];
      if (slot.shows === 'shell') return [shell(apiUrl)];
      const episode = slot.shows === 'episode' ? catalogue.episode(slot.episodeId) : undefined;
      return [episode ? episodeWith(episode) : null];
    });
    const details: PageDetails = {
      window,
      total: slots.length,
      parameters: marketParameter(market),
      itemsKey: 'second',
    };
    return writePage(request, `shows/${show.id}/episodes`, details, items);
  };

  return {
    show: (show) => showWith(show),
    fullShow: (show) => showWith(show, episodePage(show, { offset: 0, limit: embeddedEpisodes })),
    listedEpisode: (episode) => episodeWith(episode),
    fullEpisode: (episode) => episodeWith(episode, catalogue.show(episode.showId)),
    episodePage,
  };
}

const links = (apiUrl: string, type: 'show' | 'episode', id: string | null) => ({
  external_urls: { spotify: `https://open.spotify.com/${type}/${id}` },
  href: `${apiUrl}/${type}s/${id}`,
});

/** The remains of a removed episode, as recorded in 2025. */
export const shell = (apiUrl: string): JsonObject => ({
  audio_preview_url: null,
  description: null,
  duration_ms: null,
  explicit: false,
  ...links(apiUrl, 'episode', null),
  html_description: null,
  id: null,
  images: [],
  is_externally_hosted: null,
  is_playable: false,
  language: null,
  languages: [null],
  name: null,
  release_date: '0000',
  release_date_precision: 'year',
  type: 'episode',
  uri: null,
});

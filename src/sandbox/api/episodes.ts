import type { Episode } from '../catalogue/model.ts';
import { batchSizes } from '../quota-mode.ts';
import { unknownEpisode } from './error-responses.ts';
import { createPodcastObjects } from './podcast-objects.ts';
import { type RequestContext, readId, readIds, readMarket } from './request-context.ts';
import { showIn } from './shows.ts';

/** Generates all episodes, in slices. */
export const prepareEpisodes = ({ catalogue }: RequestContext): Promise<void> => catalogue.prepareEpisodes();

/** GET /episodes/{id} */
export function readEpisode(request: RequestContext): unknown {
  const market = readMarket(request);
  const id = readId(request);
  const episode = episodeIn(request, id, market);
  if (!episode) throw unknownEpisode(id);
  return createPodcastObjects(request, market).fullEpisode(episode);
}

/** GET /episodes?ids= */
export function readEpisodes(request: RequestContext): unknown {
  const market = readMarket(request);
  const ids = readIds(request, batchSizes.episodes);
  const objects = createPodcastObjects(request, market);
  const episodes = ids.map((id) => episodeIn(request, id, market));
  return { episodes: episodes.map((episode) => (episode ? objects.fullEpisode(episode) : null)) };
}

/** The episode, if the market has its show. */
function episodeIn(request: RequestContext, id: string, market: string | null): Episode | undefined {
  const episode = request.catalogue.episode(id);
  return episode && showIn(request, episode.showId, market) ? episode : undefined;
}

import type { Show } from '../catalogue/model.ts';
import { batchSizes } from '../quota-mode.ts';
import { unknownShow } from './error-responses.ts';
import { createPodcastObjects } from './podcast-objects.ts';
import { type RequestContext, readId, readIds, readMarket, readWindow } from './request-context.ts';

/** GET /shows/{id} */
export function readShow(request: RequestContext): unknown {
  const market = readMarket(request);
  return createPodcastObjects(request, market).fullShow(existingShow(request, market));
}

/** GET /shows?ids= The shows of a batch have no page of episodes (recorded in 2021). */
export function readShows(request: RequestContext): unknown {
  const market = readMarket(request);
  const ids = readIds(request, batchSizes.shows);
  const objects = createPodcastObjects(request, market);
  const shows = ids.map((id) => showIn(request, id, market));
  return { shows: shows.map((show) => (show ? objects.show(show) : null)) };
}

/** GET /shows/{id}/episodes */
export function readShowEpisodes(request: RequestContext): unknown {
  const market = readMarket(request);
  const show = existingShow(request, market);
  const window = readWindow(request, 'shows/episodes');
  return createPodcastObjects(request, market).episodePage(show, window);
}

/** The show, if the market has it. An app token finds no show without a market (spotipy#552 and others). */
export function showIn({ catalogue }: RequestContext, id: string, market: string | null): Show | undefined {
  const show = catalogue.show(id);
  return market !== null && show?.markets.includes(market) ? show : undefined;
}

function existingShow(request: RequestContext, market: string | null): Show {
  const id = readId(request);
  const show = showIn(request, id, market);
  if (!show) throw unknownShow(id);
  return show;
}

import { batchSizes } from '../quota-mode.ts';
import { unknownTrack } from './error-responses.ts';
import { createObjects } from './objects.ts';
import { type RequestContext, readId, readIds, readMarket } from './request-context.ts';

/** Computes the ids of all tracks, in slices. */
export const prepareTracks = ({ catalogue }: RequestContext): Promise<void> => catalogue.prepareTrackIds();

/** GET /tracks/{id} */
export function readTrack(request: RequestContext): unknown {
  const market = readMarket(request);
  const id = readId(request);
  const track = request.catalogue.track(id);
  if (!track) throw unknownTrack(id);
  return createObjects(request, market).track(track);
}

/** GET /tracks?ids= */
export function readTracks(request: RequestContext): unknown {
  const market = readMarket(request);
  const ids = readIds(request, batchSizes.tracks);
  const objects = createObjects(request, market);
  const tracks = ids.map((id) => request.catalogue.track(id));
  return { tracks: tracks.map((track) => (track ? objects.track(track) : null)) };
}

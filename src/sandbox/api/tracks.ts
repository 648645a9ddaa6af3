import { batchSizes } from '../quota-mode.ts';
import { type Ask, readId, readIds, readMarket } from './ask.ts';
import { createObjects } from './objects.ts';
import { unknownTrack } from './refusals.ts';

/** Finds out which ids are tracks. */
export const prepareTracks = ({ catalogue }: Ask): Promise<void> => catalogue.prepareTrackIds();

/** GET /tracks/{id} */
export function readTrack(ask: Ask): unknown {
  const market = readMarket(ask);
  const id = readId(ask);
  const track = ask.catalogue.track(id);
  if (!track) throw unknownTrack(id);
  return createObjects(ask, market).track(track);
}

/** GET /tracks?ids= */
export function readTracks(ask: Ask): unknown {
  const market = readMarket(ask);
  const ids = readIds(ask, batchSizes.tracks);
  const objects = createObjects(ask, market);
  const found = ids.map((id) => ask.catalogue.track(id));
  return { tracks: found.map((track) => (track ? objects.track(track) : null)) };
}

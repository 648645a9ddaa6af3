import { batchSizes } from '../quota-mode.ts';
import { type Ask, readId, readIds, readMarket, readWindow } from './ask.ts';
import { createObjects, marketParameter } from './objects.ts';
import { cut, writePage } from './page.ts';
import { unknownAlbum } from './refusals.ts';

/** GET /albums/{id} */
export function readAlbum(ask: Ask): unknown {
  const market = readMarket(ask);
  return createObjects(ask, market).fullAlbum(existingAlbum(ask));
}

/** GET /albums?ids= */
export function readAlbums(ask: Ask): unknown {
  const market = readMarket(ask);
  const ids = readIds(ask, batchSizes.albums);
  const objects = createObjects(ask, market);
  const found = ids.map((id) => ask.catalogue.album(id));
  return { albums: found.map((album) => (album ? objects.fullAlbum(album) : null)) };
}

/** GET /albums/{id}/tracks */
export function readAlbumTracks(ask: Ask): unknown {
  const market = readMarket(ask);
  const { id } = existingAlbum(ask);
  const window = readWindow(ask, 'albums/tracks');
  const tracks = ask.catalogue.tracksOf(id);
  const items = cut(tracks, window).map(createObjects(ask, market).albumTrack);
  // The captures of both modes have `items` second here, and last in the page that an album embeds.
  const details = {
    window,
    total: tracks.length,
    parameters: marketParameter(market),
    itemsKey: 'second',
  } as const;
  return writePage(ask, `albums/${id}/tracks`, details, items);
}

function existingAlbum(ask: Ask) {
  const id = readId(ask);
  const album = ask.catalogue.album(id);
  if (!album) throw unknownAlbum(id);
  return album;
}

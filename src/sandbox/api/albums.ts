import { batchSizes } from '../quota-mode.ts';
import { unknownAlbum } from './error-responses.ts';
import { marketParameter } from './object-parts.ts';
import { createObjects } from './objects.ts';
import { slice, writePage } from './page.ts';
import { type RequestContext, readId, readIds, readMarket, readWindow } from './request-context.ts';

/** GET /albums/{id} */
export function readAlbum(request: RequestContext): unknown {
  const market = readMarket(request);
  return createObjects(request, market).fullAlbum(existingAlbum(request));
}

/** GET /albums?ids= */
export function readAlbums(request: RequestContext): unknown {
  const market = readMarket(request);
  const ids = readIds(request, batchSizes.albums);
  const objects = createObjects(request, market);
  const albums = ids.map((id) => request.catalogue.album(id));
  return { albums: albums.map((album) => (album ? objects.fullAlbum(album) : null)) };
}

/** GET /albums/{id}/tracks */
export function readAlbumTracks(request: RequestContext): unknown {
  const market = readMarket(request);
  const { id } = existingAlbum(request);
  const window = readWindow(request, 'albums/tracks');
  const tracks = request.catalogue.tracksOf(id);
  const items = slice(tracks, window).map(createObjects(request, market).albumTrack);
  // The recordings of both modes have `items` second here, and last in the page that an album embeds.
  const details = {
    window,
    total: tracks.length,
    parameters: marketParameter(market),
    itemsKey: 'second',
  } as const;
  return writePage(request, `albums/${id}/tracks`, details, items);
}

function existingAlbum(request: RequestContext) {
  const id = readId(request);
  const album = request.catalogue.album(id);
  if (!album) throw unknownAlbum(id);
  return album;
}

import { type AlbumGroup, albumGroups, type Slot } from '../catalogue/model.ts';
import { batchSizes } from '../quota-mode.ts';
import { isListed } from './availability.ts';
import { invalidGroups, noMarket, unknownArtist } from './error-responses.ts';
import { marketParameter } from './object-parts.ts';
import { createObjects } from './objects.ts';
import { localeParameter, slice, writePage } from './page.ts';
import { type RequestContext, readId, readIds, readMarket, readWindow } from './request-context.ts';

/** GET /artists/{id}. The parameter `market` is ignored, even if it is invalid. */
export function readArtist(request: RequestContext): unknown {
  const artist = createObjects(request, null).artist(existingArtist(request));
  // The link of the artist that was read repeats the locale (recorded in 2025); links of other objects do not.
  const [locale] = localeParameter(request);
  return locale ? { ...artist, href: `${artist['href']}?${locale.join('=')}` } : artist;
}

/** GET /artists?ids= */
export function readArtists(request: RequestContext): unknown {
  const ids = readIds(request, batchSizes.artists);
  const objects = createObjects(request, null);
  const artists = ids.map((id) => request.catalogue.artist(id));
  return { artists: artists.map((artist) => (artist ? objects.artist(artist) : null)) };
}

/** GET /artists/{id}/albums */
export function readArtistAlbums(request: RequestContext): unknown {
  const market = readMarket(request);
  const { id } = existingArtist(request);
  const groups = readGroups(request);
  const window = readWindow(request, 'artists/albums');
  const objects = createObjects(request, market);

  const slots = currentSlots(request, id).filter(
    (slot) => groups.includes(slot.group) && isShown(request, slot, market),
  );
  const items = slice(slots, window).flatMap((slot) => {
    if (slot.shows === 'nothing') return [];
    const album = slot.shows === 'album' ? request.catalogue.album(slot.albumId) : undefined;
    return [album ? objects.album(album, slot.group) : null];
  });
  const total = slots.length + request.conditions.listing.extraTotal;
  // Links name the groups even when the caller did not, with plain commas.
  const parameters = [['include_groups', groups.join(',')] as const, ...marketParameter(market)];
  return writePage(request, `artists/${id}/albums`, { window, total, parameters }, items);
}

/** GET /artists/{id}/top-tracks */
export function readTopTracks(request: RequestContext): unknown {
  const market = readMarket(request);
  if (market === null) throw noMarket();
  const { id } = existingArtist(request);
  return { tracks: request.catalogue.topTracksOf(id).map(createObjects(request, market).track) };
}

/** GET /artists/{id}/related-artists */
export function readRelatedArtists(request: RequestContext): unknown {
  const { id } = existingArtist(request);
  return { artists: request.catalogue.relatedTo(id).map(createObjects(request, null).artist) };
}

function existingArtist(request: RequestContext) {
  const artist = request.catalogue.artist(readId(request));
  if (!artist) throw unknownArtist();
  return artist;
}

function readGroups({ query }: RequestContext): AlbumGroup[] {
  const text = query.get('include_groups');
  if (text === null) return [...albumGroups];
  return text.split(',').map((name) => {
    const group = albumGroups.find((albumGroup) => albumGroup === name);
    if (!group) throw invalidGroups();
    return group;
  });
}

/** The list after faults that insert releases in front of it or remove the newest. */
function currentSlots({ catalogue, conditions }: RequestContext, artistId: string): Slot[] {
  const { inserted, removed } = conditions.listing;
  const { albums120, albums205 } = catalogue.fixtures.artists;
  const newcomers = catalogue.albumsOf(artistId === albums205 ? albums120 : albums205).slice(0, inserted);
  const released = newcomers.map((slot): Slot => ({ ...slot, group: 'album' }));
  return [...released, ...catalogue.albumsOf(artistId).slice(removed)];
}

function isShown({ catalogue }: RequestContext, slot: Slot, market: string | null): boolean {
  const album = slot.shows === 'album' ? catalogue.album(slot.albumId) : undefined;
  return album === undefined || isListed(album, market);
}

import { type AlbumGroup, albumGroups, type Slot } from '../catalogue/model.ts';
import { batchSizes } from '../quota-mode.ts';
import { type Ask, readId, readIds, readMarket, readWindow } from './ask.ts';
import { isListed } from './availability.ts';
import { createObjects, marketParameter } from './objects.ts';
import { cut, localeParameter, writePage } from './page.ts';
import { invalidGroups, noMarket, unknownArtist } from './refusals.ts';

/** GET /artists/{id}. A market changes nothing here and is not even checked. */
export function readArtist(ask: Ask): unknown {
  const artist = createObjects(ask, null).artist(existingArtist(ask));
  // The link of the artist that was read repeats the locale (captured in 2025); links of other objects do not.
  const [locale] = localeParameter(ask);
  return locale ? { ...artist, href: `${artist['href']}?${locale.join('=')}` } : artist;
}

/** GET /artists?ids= */
export function readArtists(ask: Ask): unknown {
  const ids = readIds(ask, batchSizes.artists);
  const objects = createObjects(ask, null);
  const found = ids.map((id) => ask.catalogue.artist(id));
  return { artists: found.map((artist) => (artist ? objects.artist(artist) : null)) };
}

/** GET /artists/{id}/albums */
export function readArtistAlbums(ask: Ask): unknown {
  const market = readMarket(ask);
  const { id } = existingArtist(ask);
  const groups = readGroups(ask);
  const window = readWindow(ask, 'artists/albums');
  const objects = createObjects(ask, market);

  const slots = currentSlots(ask, id).filter(
    (slot) => groups.includes(slot.group) && isShown(ask, slot, market),
  );
  const items = cut(slots, window).flatMap((slot) => {
    if (slot.shows === 'nothing') return [];
    const album = slot.shows === 'album' ? ask.catalogue.album(slot.albumId) : undefined;
    return [album ? objects.album(album, slot.group) : null];
  });
  const total = slots.length + ask.conditions.listing.extraTotal;
  // Links name the groups even when the caller did not, with plain commas.
  const parameters = [['include_groups', groups.join(',')] as const, ...marketParameter(market)];
  return writePage(ask, `artists/${id}/albums`, { window, total, parameters }, items);
}

/** GET /artists/{id}/top-tracks */
export function readTopTracks(ask: Ask): unknown {
  const market = readMarket(ask);
  if (market === null) throw noMarket();
  const { id } = existingArtist(ask);
  return { tracks: ask.catalogue.topTracksOf(id).map(createObjects(ask, market).track) };
}

/** GET /artists/{id}/related-artists */
export function readRelatedArtists(ask: Ask): unknown {
  const { id } = existingArtist(ask);
  return { artists: ask.catalogue.relatedTo(id).map(createObjects(ask, null).artist) };
}

function existingArtist(ask: Ask) {
  const artist = ask.catalogue.artist(readId(ask));
  if (!artist) throw unknownArtist();
  return artist;
}

function readGroups({ query }: Ask): AlbumGroup[] {
  const text = query.get('include_groups');
  if (text === null) return [...albumGroups];
  return text.split(',').map((name) => {
    const group = albumGroups.find((known) => known === name);
    if (!group) throw invalidGroups();
    return group;
  });
}

/** The list as it is by now: a fault may have put releases in front of it or taken the newest away. */
function currentSlots({ catalogue, conditions }: Ask, artistId: string): Slot[] {
  const { inserted, removed } = conditions.listing;
  const { albums120, albums205 } = catalogue.landmarks.artists;
  const newcomers = catalogue.albumsOf(artistId === albums205 ? albums120 : albums205).slice(0, inserted);
  const released = newcomers.map((slot): Slot => ({ ...slot, group: 'album' }));
  return [...released, ...catalogue.albumsOf(artistId).slice(removed)];
}

function isShown({ catalogue }: Ask, slot: Slot, market: string | null): boolean {
  const album = slot.shows === 'album' ? catalogue.album(slot.albumId) : undefined;
  return album === undefined || isListed(album, market);
}

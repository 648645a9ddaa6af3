import { drawAlbum, drawPlannedAlbum } from './albums.ts';
import { type AlbumPlan, fixtureAlbums } from './fixture-albums.ts';
import { type Album, type AlbumGroup, albumGroups, type Slot } from './model.ts';
import { createRandom, idOf } from './random.ts';
import { type ArtistPlan, fixtureArtists } from './roster.ts';

/** The albums, the guest artists on them, and each artist's list of albums. */
export interface Discography {
  albums: ReadonlyMap<string, Album>;
  /** Artist id to list of albums. */
  listings: ReadonlyMap<string, readonly Slot[]>;
  /** Album id to its guest artists: artists of its tracks that are not artists of the album. */
  guests: ReadonlyMap<string, readonly string[]>;
}

const ownGroups = ['album', 'single', 'compilation'] as const;

// Shares of a list with all four groups; `appears_on` gets the rest. A list of one is an album.
const albumShare = 0.25;
const singleShare = 0.45;
const compilationShare = 0.1;
// Compilations by various artists need track artists.
const guestArtistsOfCompilation = 8;

interface Release {
  album: Album;
  group: AlbumGroup;
}

/** Generates all albums and lists. */
export function drawDiscography(plans: readonly ArtistPlan[]): Discography {
  const fixtureReleases = drawFixtureAlbums();
  const releases = new Map(
    plans.map(
      (plan) => [plan.id, [...drawOwnAlbums(plan), ...(fixtureReleases.get(plan.id) ?? [])]] as const,
    ),
  );
  const albums = new Map([...releases.values()].flat().map(({ album }) => [album.id, album]));

  const ordinaryPlans = plans.filter((plan) => plan.ordinary);
  const compilations = releases.get(fixtureArtists.various.id) ?? [];
  // One list for each artist: to leave out those of one artist is far cheaper than to search all albums for it.
  const pool = [...ordinaryPlans.map(({ id }) => releases.get(id) ?? []), compilations];
  const guests = new Map(
    compilations.map(({ album }) => [album.id, pickGuestArtists(album.id, ordinaryPlans)]),
  );

  const listings = new Map<string, readonly Slot[]>();
  for (const plan of plans) {
    const ownReleases = releases.get(plan.id) ?? [];
    const visits = pickVisits(plan, ownReleases, pool);
    for (const { album } of visits) guests.set(album.id, [...(guests.get(album.id) ?? []), plan.id]);
    const listedReleases = [...ownReleases, ...visits].sort(asListed);
    listings.set(plan.id, injectDefects(listedReleases.map(toSlot), plan));
  }
  return { albums, listings, guests };
}

function drawFixtureAlbums(): Map<string, Release[]> {
  const releases = new Map<string, Release[]>();
  for (const plan of Object.values<AlbumPlan>(fixtureAlbums)) {
    const [artistId = fixtureArtists.edgeCases.id] = plan.artistIds ?? [];
    const album = drawPlannedAlbum(plan, artistId);
    const group = album.type === 'compilation' ? 'compilation' : 'album';
    releases.set(artistId, [...(releases.get(artistId) ?? []), { album, group }]);
  }
  return releases;
}

function drawOwnAlbums(plan: ArtistPlan): Release[] {
  const counts = countsOf(plan);
  return ownGroups.flatMap((group) =>
    Array.from({ length: counts[group] }, (_, index) => ({
      group,
      album: drawAlbum(idOf(`album:${plan.id}:${group}:${index}`), plan.id, group, plan.limitedShare ?? 0),
    })),
  );
}

function countsOf({ slots, only }: ArtistPlan): Record<AlbumGroup, number> {
  const noAlbums = { album: 0, single: 0, compilation: 0, appears_on: 0 };
  if (only) return { ...noAlbums, [only]: slots };
  const album = Math.ceil(slots * albumShare);
  const single = Math.floor(slots * singleShare);
  const compilation = Math.floor(slots * compilationShare);
  return { album, single, compilation, appears_on: slots - album - single - compilation };
}

function pickVisits(
  plan: ArtistPlan,
  ownReleases: readonly Release[],
  pool: readonly (readonly Release[])[],
): Release[] {
  const random = createRandom(`visits:${plan.id}`);
  const otherReleases = pool.filter((releases) => releases !== ownReleases).flat();
  return Array.from({ length: countsOf(plan).appears_on }, () =>
    otherReleases
      .splice(random.below(otherReleases.length), 1)
      .map(({ album }): Release => ({ album, group: 'appears_on' })),
  ).flat();
}

function pickGuestArtists(albumId: string, artists: readonly ArtistPlan[]): string[] {
  const random = createRandom(`guests:${albumId}`);
  const start = random.below(artists.length);
  return Array.from(
    { length: guestArtistsOfCompilation },
    (_, index) => artists[(start + index) % artists.length],
  )
    .filter((artist) => artist !== undefined)
    .map(({ id }) => id);
}

const toSlot = ({ album, group }: Release): Slot => ({ shows: 'album', group, albumId: album.id });

/** By group, and the newest first, as at Spotify. */
function asListed(release: Release, otherRelease: Release): number {
  const groups = albumGroups.indexOf(release.group) - albumGroups.indexOf(otherRelease.group);
  return groups || compare(otherRelease.album.releaseDate, release.album.releaseDate);
}

const compare = (text: string, otherText: string) => Number(text > otherText) - Number(text < otherText);

/** Adds the defects of the plan to a correct list. */
function injectDefects(slots: readonly Slot[], plan: ArtistPlan): Slot[] {
  const { hidden = [], nulls = [], repeats = [], emptyTail = 0 } = plan;
  const earlierPlaces = new Map(repeats);
  const slotsWithDefects = slots.map((slot, place): Slot => {
    const { group } = slot;
    if (hidden.includes(place)) return { shows: 'nothing', group };
    if (nulls.includes(place)) return { shows: 'null', group };
    const repeatedSlot = slots[earlierPlaces.get(place) ?? -1];
    return repeatedSlot ? { ...repeatedSlot, group } : slot;
  });
  const lastGroup = slots.at(-1)?.group ?? 'album';
  return [
    ...slotsWithDefects,
    ...Array.from({ length: emptyTail }, (): Slot => ({ shows: 'nothing', group: lastGroup })),
  ];
}

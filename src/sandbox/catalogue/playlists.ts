import type { Album, Playlist, PlaylistSlot, User } from './model.ts';
import { drawCovers } from './picture-files.ts';
import { episodeIdOf, fixtureShows } from './podcasts.ts';
import { base62, createRandom, idOf } from './random.ts';
import { trackIdOf } from './tracks.ts';
import { personName, playlistTitle } from './words.ts';

/** The content of a slot. */
type Content = 'episode' | 'local' | 'null' | 'shell' | 'nothing' | 'repeated';

/** A playlist with fixed properties. All other properties are generated as for any other playlist. */
interface PlaylistPlan extends Partial<Playlist> {
  id: string;
  name: string;
  /** How many slots it has. */
  slots: number;
  /** The slots without a track of their own, by their index. */
  contents?: Readonly<Record<number, Content>>;
}

const plan = (
  key: string,
  name: string,
  slots: number,
  properties: Partial<PlaylistPlan> = {},
): PlaylistPlan => ({
  id: idOf(`playlist:${key}`),
  name,
  slots,
  ...properties,
});

/** Spotify's own user. Apps in development mode see none of its playlists. */
export const spotifyUser: User = { id: 'spotify', displayName: 'Spotify' };

/** Fixture playlists: tests and examples use them by name. */
export const fixturePlaylists = {
  // A playlist embeds 100 items; a longer one needs further pages.
  items230: plan('items230', 'Two Hundred and Thirty', 230),
  items100: plan('items100', 'One Hundred', 100),
  items3: plan('items3', 'Three of a Kind', 3),
  empty: plan('empty', 'Nothing Yet', 0),
  // Local files, removed items and a track that was added twice; the last slots are empty, so that the total overstates.
  gaps: plan('gaps', 'Odds and Ends', 120, {
    collaborative: true,
    contents: {
      1: 'episode',
      2: 'local',
      3: 'null',
      4: 'shell',
      6: 'repeated',
      50: 'nothing',
      101: 'episode',
      102: 'local',
      118: 'nothing',
      119: 'nothing',
    },
  }),
  escaped: plan('escaped', 'Rock & Roll', 4, {
    description: 'Rock &amp; roll: it&#x27;s &lt;loud&gt;',
  }),
  bySpotify: plan('bySpotify', 'This Is The Sandbox', 60, { owner: spotifyUser }),
} as const satisfies Record<string, PlaylistPlan>;

/** The playlists of a sandbox. */
export interface Playlists {
  /** All playlists, fixtures first. */
  playlists(): readonly Playlist[];
  playlist(id: string): Playlist | undefined;
  /** The owner of a playlist, or a user that has added an item to one. */
  user(id: string): User | undefined;
  /** The playlist slot by slot. Empty for an unknown id. */
  itemsOf(playlistId: string): readonly PlaylistSlot[];
}

const ordinaryPlaylists = 40;
const collaborativeShare = 0.1;
const dayMs = 86_400_000;
const newestMs = Date.UTC(2025, 10, 7, 12);

/** @param albums whose tracks the playlists contain */
export function createPlaylists(albums: readonly Album[]): Playlists {
  const plans = [...Object.values<PlaylistPlan>(fixturePlaylists), ...ordinaryPlans()];
  const playlists = new Map(plans.map((playlistPlan) => [playlistPlan.id, drawPlaylist(playlistPlan)]));
  const slots = new Map<string, readonly PlaylistSlot[]>();
  function itemsOf(id: string): readonly PlaylistSlot[] {
    const playlistPlan = plans.find((candidatePlan) => candidatePlan.id === id);
    const playlistSlots = slots.get(id) ?? (playlistPlan ? drawSlots(playlistPlan, albums) : []);
    slots.set(id, playlistSlots);
    return playlistSlots;
  }
  return {
    playlists: () => [...playlists.values()],
    playlist: (id) => playlists.get(id),
    user: (id) =>
      [...playlists.values()].map(({ owner }) => owner).find((owner) => owner.id === id) ??
      plans
        .flatMap((playlistPlan) => itemsOf(playlistPlan.id).map(({ addedBy }) => addedBy))
        .find((user) => user?.id === id) ??
      undefined,
    itemsOf,
  };
}

const ordinaryPlans = (): PlaylistPlan[] =>
  Array.from({ length: ordinaryPlaylists }, (_, index) => {
    const random = createRandom(`playlist plan:${index}`);
    const properties = index % 7 === 0 ? { owner: spotifyUser } : {};
    return plan(`ordinary:${index}`, playlistTitle(random), random.between(2, 90), properties);
  });

function drawPlaylist({ slots, contents: _contents, ...plannedProperties }: PlaylistPlan): Playlist {
  const random = createRandom(`playlist:${plannedProperties.id}`);
  const name = personName(random);
  return {
    description: '',
    owner: { id: `31${random.text(base62, 26).toLowerCase()}`, displayName: name },
    collaborative: random.chance(collaborativeShare),
    followers: random.below(10_000),
    images: slots === 0 ? [] : drawCovers(random).slice(0, 1),
    snapshotId: `AAAA${random.text(base62, 28)}`,
    popularity: random.below(90),
    totalItems: slots,
    ...plannedProperties,
  };
}

function drawSlots({ id, slots, contents = {} }: PlaylistPlan, albums: readonly Album[]): PlaylistSlot[] {
  const random = createRandom(`playlist items:${id}`);
  const addedBy: User = { id: `31${random.text(base62, 26).toLowerCase()}`, displayName: null };
  const widelyAvailableAlbums = albums.filter(
    ({ totalTracks, markets }) => totalTracks > 0 && markets.length > 100,
  );
  const trackIdAt = (slot: number): string => {
    const album =
      widelyAvailableAlbums[
        (random.below(widelyAvailableAlbums.length) + slot) % widelyAvailableAlbums.length
      ];
    return album ? trackIdOf(album.id, slot % album.totalTracks) : '';
  };
  const drawnSlots: PlaylistSlot[] = [];
  for (let slot = 0; slot < slots; slot++) {
    const addedAt = new Date(newestMs - (slots - slot) * dayMs).toISOString().replace('.000', '');
    const trackId = trackIdAt(slot);
    const addition = { addedAt, addedBy };
    const content = contents[slot] ?? 'track';
    if (content === 'repeated') drawnSlots.push(drawnSlots.at(-1) ?? { ...addition, shows: 'null' });
    else if (content === 'track') drawnSlots.push({ ...addition, shows: content, trackId });
    else if (content === 'local') drawnSlots.push({ ...addition, shows: content, name: `Demo ${slot}` });
    else if (content === 'episode')
      drawnSlots.push({
        ...addition,
        shows: content,
        episodeId: episodeIdOf(fixtureShows.episodes50.id, slot % 50),
      });
    else drawnSlots.push({ ...addition, shows: content });
  }
  return drawnSlots;
}

import { nowhere, onlyKorea, onlySpain, outsideSpain } from './markets.ts';
import type { Album, Track } from './model.ts';
import { idOf } from './random.ts';
import { fixtureArtists } from './roster.ts';

/** An album with fixed properties. All other properties are generated as for any other album. */
export interface AlbumPlan extends Partial<Album> {
  id: string;
  name: string;
  discs: readonly number[];
  /** Fixed properties of single tracks, by their index on the album. */
  tracks?: Readonly<Record<number, Partial<Track>>>;
}

const albumId = (key: string) => idOf(`album:${key}`);
const plan = (key: string, name: string, discs: readonly number[], properties: Partial<AlbumPlan> = {}) => ({
  id: albumId(key),
  name,
  discs,
  ...properties,
});

const { edgeCases, albums9, albums50, various } = fixtureArtists;

/** Fixture albums: tests and examples use them by name. The first artist, by default `edgeCases`, lists the album. */
export const fixtureAlbums = {
  tracks1: plan('tracks1', 'Single Lantern', [1]),
  tracks20: plan('tracks20', 'Twenty Rooms', [20]),
  // An album embeds 50 tracks; one more needs a second page.
  tracks50: plan('tracks50', 'Fifty Rooms', [50]),
  tracks51: plan('tracks51', 'Fifty Rooms and a Cellar', [51]),
  tracks55: plan('tracks55', 'Fifty-Five Rooms', [55]),
  tracks130: plan('tracks130', 'The Whole Hotel', [60, 70]),
  severalDiscs: plan('severalDiscs', 'Three Floors', [12, 10, 11]),
  severalArtists: plan('severalArtists', 'House Guests', [8], {
    artistIds: [edgeCases.id, albums9.id],
    tracks: { 0: { artistIds: [edgeCases.id, albums9.id, albums50.id] } },
  }),
  various: plan('various', 'Lobby Music', [18], { type: 'compilation', artistIds: [various.id] }),
  explicit: plan('explicit', 'Thin Walls', [6], {
    tracks: { 0: { explicit: true }, 1: { explicit: false } },
  }),
  noImages: plan('noImages', 'Blank Sleeve', [4], { images: [] }),
  unsizedImages: plan('unsizedImages', 'Blurred Sleeve', [4], {
    images: [{ file: 'ab67616d0000b273000000000000000000000001', width: null, height: null }],
  }),
  // An album that was removed keeps its id and loses its name.
  nameless: plan('nameless', '', [3]),
  yearOnly: plan('yearOnly', 'Some Time That Year', [5], { releaseDate: '1987', precision: 'year' }),
  monthOnly: plan('monthOnly', 'Some Day in March', [5], { releaseDate: '1991-03', precision: 'month' }),
  junkDate: plan('junkDate', 'Before Calendars', [5], { releaseDate: '0000', precision: 'year' }),
  // `ep` was recorded once among new releases (2025); the document knows album, single and compilation.
  unknownType: plan('unknownType', 'Neither Long nor Short', [5], { type: 'ep' }),
  nowhere: plan('nowhere', 'Out of Print', [7], { markets: nowhere }),
  onlyKorea: plan('onlyKorea', 'Seoul Pressing', [7], { markets: onlyKorea }),
  outsideSpain: plan('outsideSpain', 'Closed on Saturdays', [6], { markets: outsideSpain }),
  partlyOutsideSpain: plan('partlyOutsideSpain', 'One Locked Room', [6], {
    tracks: { 2: { markets: outsideSpain } },
  }),
  restricted: plan('restricted', 'Members Only', [6], {
    restriction: 'product',
    // Spotify: "Additional reasons may be added in the future". This one is not documented.
    tracks: { 0: { restriction: 'explicit' }, 1: { restriction: 'lunar-eclipse' } },
  }),
  relinked: plan('relinked', 'Twin Beds', [6], {
    markets: outsideSpain,
    otherEditionId: albumId('spanishEdition'),
  }),
  spanishEdition: plan('spanishEdition', 'Twin Beds (Spanish Edition)', [6], {
    markets: onlySpain,
    otherEditionId: albumId('relinked'),
  }),
} as const satisfies Record<string, AlbumPlan>;

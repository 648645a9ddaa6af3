import {
  type AlbumGroup as AlbumGroupName,
  artistAlbums,
  type Market,
  type OwnerKey,
  parseId,
  relatedArtists,
  type Spotify,
  topTracks,
} from '../../datasources/spotify/index.ts';
import { BadUserInput } from '../../errors.ts';
import { type MarketArgs, marketArg, namedMarket } from '../arguments.ts';
import { elementsNullOnlyWithError, nullOnlyWithError } from '../builder.ts';
import type { Context, FieldRead } from '../context.ts';
import { pagedListCost, unpagedListOptions } from '../planning/list-costs.ts';
import { prefetchedField } from '../planning/prefetch.ts';
import { connect, marketOfConnection } from '../relay/connect.ts';
import { connectionArgs } from '../relay/connection.ts';
import { type ConnectionArgs, cursorsOf } from '../relay/page-arguments.ts';
import { itemsOrErrors } from '../resolvers.ts';
import { ArtistAlbumsConnection } from './album.ts';
import { linkFields } from './common-fields.ts';
import { fullObjectField } from './field-options.ts';
import { imagesField } from './images.ts';
import { Node } from './node.ts';
import { Artist, Track } from './object-types.ts';
import { defineRootFields } from './root-fields.ts';
import { AlbumGroup, Followers } from './values.ts';

Artist.implement({
  extensions: { kind: 'artist' },
  description: 'A musician, a band, or anyone else under whose name something was released.',
  interfaces: [Node],
  fields: (t) => ({
    name: t.exposeString('name', { description: 'The name of the artist.' }),
    ...linkFields(t, 'artist'),
    images: imagesField(t, 'Pictures of the artist, widest first.', fullObjectField('artist', 'images')),
    genres: t.stringList({
      nullable: { list: true, items: true },
      description: 'Genres of the artist; often none. Not available to every app.',
      ...fullObjectField('artist', 'genres'),
    }),
    followers: t.field({
      type: Followers,
      nullable: true,
      description: 'The followers of the artist. Not available to every app.',
      ...fullObjectField('artist', 'followers'),
    }),
    popularity: t.int({
      nullable: true,
      description: 'How popular the artist is, from 0 to 100. Not available to every app.',
      ...fullObjectField('artist', 'popularity'),
    }),
    albums: t.field({
      type: ArtistAlbumsConnection,
      nullable: true,
      description:
        'The albums that the artist has released or appears on, in the order of Spotify: by group (albums, singles, compilations, appearances), and not strictly by date within a group.',
      args: {
        includeGroups: t.arg({ type: [AlbumGroup], description: 'The groups to list; by default all.' }),
        market: marketArg(t),
        ...connectionArgs(t),
      },
      ...prefetchedField(readAlbums, {
        ...nullOnlyWithError,
        cost: pagedListCost('artists/albums', albumsOf),
      }),
    }),
    topTracks: t.field({
      type: [Track],
      nullable: { list: true, items: true },
      description: "The artist's most played tracks, ten at most. Not available to every app.",
      args: { market: marketArg(t) },
      ...prefetchedField(readTopTracks, {
        ...elementsNullOnlyWithError,
        ...unpagedListOptions(topTracks, 10),
      }),
    }),
    relatedArtists: t.field({
      type: [Artist],
      nullable: { list: true, items: true },
      description: 'Artists with similar listeners, twenty at most. Not available to every app.',
      ...prefetchedField(readRelatedArtists, {
        ...elementsNullOnlyWithError,
        ...unpagedListOptions(relatedArtists, 20),
      }),
    }),
  }),
});

defineRootFields('artist');

type AlbumsArgs = MarketArgs &
  ConnectionArgs & { includeGroups?: readonly AlbumGroupName[] | null | undefined };

/** @throws BadUserInput for a group that Spotify does not accept as a filter */
function groupsOf({ includeGroups }: AlbumsArgs): readonly AlbumGroupName[] {
  if (includeGroups?.includes('OTHER'))
    throw new BadUserInput('Spotify lists no albums of the group `OTHER`: leave it out of `includeGroups`.');
  return includeGroups ?? [];
}

function albumsOf(
  spotify: Pick<Spotify, 'pagedList'>,
  artist: OwnerKey,
  market: Market | null,
  args: AlbumsArgs,
) {
  return spotify.pagedList(artistAlbums, artist, groupsOf(args), market);
}

/** The cursor of a slot of an artist's albums, in the default market. */
export function albumsCursor(spotify: Pick<Spotify, 'pagedList'>, id: string, slot: number): string {
  const list = albumsOf(spotify, { id: parseId(id, 'artist'), market: null }, null, {});
  return cursorsOf(list).encode({ slot, id: null, total: 0 });
}

async function readAlbums(artist: OwnerKey, args: AlbumsArgs, context: Context, field: FieldRead) {
  const market = marketOfConnection(args, field);
  return connect(albumsOf(context.spotify, artist, market, args), args, context, field);
}

async function readTopTracks(
  artist: OwnerKey,
  args: MarketArgs,
  { spotify }: Context,
  { fieldContext }: FieldRead,
) {
  const tracks = await spotify.unpagedList(topTracks, artist, namedMarket(args), fieldContext);
  return tracks && itemsOrErrors(tracks, fieldContext);
}

async function readRelatedArtists(
  artist: OwnerKey,
  _: object,
  { spotify }: Context,
  { fieldContext }: FieldRead,
) {
  const artists = await spotify.unpagedList(relatedArtists, artist, null, fieldContext);
  return artists && itemsOrErrors(artists, fieldContext);
}

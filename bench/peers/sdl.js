/** The part of the schema that the operations need, for schema-first peers. */
export const typeDefs = /* GraphQL */ `
  type Query {
    artist(id: ID!): Artist
    artists(ids: [ID!]!): [Artist]!
    album(id: ID!): Album
    search(q: String!): SearchResults
    show(id: ID!): Show
    playlist(id: ID!): Playlist
  }

  type SearchResults {
    artists(first: Int): ArtistConnection
  }

  type ArtistConnection {
    edges: [ArtistEdge!]!
  }

  type ArtistEdge {
    cursor: String!
    node: Artist
  }

  type Artist {
    id: ID!
    name: String!
    uri: String!
    genres: [String!]
    images: [Image!]
    albums(first: Int, after: String): AlbumConnection
  }

  type Album {
    id: ID!
    name: String!
    albumType: AlbumType!
    releaseDate: ReleaseDate
    totalTracks: Int
    images: [Image!]
    artists: [Artist!]
    tracks(first: Int, after: String): TrackConnection
  }

  type Track {
    id: ID!
    name: String!
    durationMs: Int!
    trackNumber: Int!
    discNumber: Int!
    explicit: Boolean!
    artists: [Artist!]!
    album: Album
  }

  type Show {
    id: ID!
    name: String!
    description: String
    images: [Image!]
    episodes(first: Int, after: String): EpisodeConnection
  }

  type Episode {
    id: ID!
    name: String!
    description: String
    durationMs: Int
    releaseDate: ReleaseDate
    images: [Image!]
  }

  type Playlist {
    id: ID!
    name: String!
    items(first: Int, after: String): PlaylistItemsConnection
  }

  type PlaylistItem {
    addedAt: String
    item: TrackOrEpisode
  }

  union TrackOrEpisode = Track | Episode

  type EpisodeConnection {
    edges: [EpisodeEdge!]!
    pageInfo: PageInfo!
    totalCount: Int
  }

  type EpisodeEdge {
    cursor: String!
    node: Episode
  }

  type PlaylistItemsConnection {
    edges: [PlaylistItemsEdge!]!
    pageInfo: PageInfo!
    totalCount: Int
  }

  type PlaylistItemsEdge {
    cursor: String!
    node: PlaylistItem
  }

  type AlbumConnection {
    edges: [AlbumEdge!]!
    pageInfo: PageInfo!
    totalCount: Int
  }

  type AlbumEdge {
    cursor: String!
    node: Album
  }

  type TrackConnection {
    edges: [TrackEdge!]!
    pageInfo: PageInfo!
    totalCount: Int
  }

  type TrackEdge {
    cursor: String!
    node: Track
  }

  type PageInfo {
    hasNextPage: Boolean!
    hasPreviousPage: Boolean!
    startCursor: String
    endCursor: String
  }

  type Image {
    url: String
    width: Int
    height: Int
  }

  type ReleaseDate {
    date: String!
    precision: DatePrecision!
  }

  enum AlbumType {
    ALBUM
    SINGLE
    COMPILATION
  }

  enum DatePrecision {
    DAY
    MONTH
    YEAR
  }
`;

import { defineConfig } from '@graphql-mesh/compose-cli';
import { loadOpenAPISubgraph } from '@omnigraph/openapi';

/** The endpoints of Spotify that the operations need, and the two links between types that connect them. */
export const composeConfig = defineConfig({
  subgraphs: [
    {
      sourceHandler: loadOpenAPISubgraph('Spotify', { source: './openapi.json', endpoint: 'http://spotify' }),
    },
  ],
  additionalTypeDefs: /* GraphQL */ `
    extend type Artist {
      albums(limit: Int, offset: Int): AlbumPage @resolveTo(sourceName: "Spotify", sourceTypeName: "Query", sourceFieldName: "artistAlbums", requiredSelectionSet: "{ id }", sourceArgs: { id: "{root.id}", limit: "{args.limit}", offset: "{args.offset}" })
    }
    extend type Album {
      tracks(limit: Int, offset: Int): TrackPage @resolveTo(sourceName: "Spotify", sourceTypeName: "Query", sourceFieldName: "albumTracks", requiredSelectionSet: "{ id }", sourceArgs: { id: "{root.id}", limit: "{args.limit}", offset: "{args.offset}" })
    }
  `,
});

import type { TestGateway } from './gateway.ts';
import { artists, catalogue, dataOf } from './schema-tests.ts';

/** Pages of an artist's list of albums, and the albums that they must contain. The default artist is BTS. */

export interface PageInfo {
  hasNextPage: boolean;
  hasPreviousPage: boolean;
  startCursor: string | null;
  endCursor: string | null;
}

export interface AlbumPage {
  totalCount: number | null;
  nodes: { id: string }[];
  edges: { cursor: string }[];
  pageInfo: PageInfo;
}

const fields = `
  totalCount nodes { id } edges { cursor } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }`;

/** @param args of the list, such as `first: 5`; empty for none */
export const albumsDocument = (args: string, id: string = artists.bts, selected = fields): string =>
  `{ artist(id: "${id}") { name albums${args && `(${args})`} { ${selected} } } }`;

/** The path of the call for a page of the list. */
export const listPath = (id: string, limit: number, offset = 0): string =>
  `/artists/${id}/albums?limit=${limit}&offset=${offset}`;

/** @param cursor the value of `$cursor` in the arguments: a walk with it has one document, which is parsed once */
export async function albumPage(
  gateway: Pick<TestGateway, 'execute'>,
  args: string,
  id?: string,
  cursor?: string | null,
): Promise<AlbumPage> {
  const head = cursor === undefined ? '' : 'query ($cursor: String) ';
  const document = `${head}${albumsDocument(args, id)}`;
  const data = await dataOf<{ artist: { albums: AlbumPage } }>(gateway, document, { cursor });
  return data.artist.albums;
}

export const idsOf = ({ nodes }: Pick<AlbumPage, 'nodes'>): string[] => nodes.map(({ id }) => id);

/** The ids of the albums in these slots of an artist's list. */
export const slots = (from: number, to?: number, id: string = artists.bts): string[] =>
  catalogue
    .albumsOf(id)
    .slice(from, to)
    .flatMap((slot) => (slot.shows === 'album' ? [slot.albumId] : []));

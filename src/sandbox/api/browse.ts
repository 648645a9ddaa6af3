import type { Category } from '../catalogue/model.ts';
import { resourceNotFound } from './error-responses.ts';
import type { JsonObject } from './object-parts.ts';
import { createObjects } from './objects.ts';
import { type LinkParameter, slice, writePage } from './page.ts';
import { createPlaylistObjects } from './playlist-objects.ts';
import { type RequestContext, readWindow } from './request-context.ts';

const newestReleases = 100; // the total of every recorded page of new releases

/** GET /browse/new-releases */
export function readNewReleases(request: RequestContext): unknown {
  const window = readWindow(request, 'browse');
  const newestAlbums = request.catalogue
    .albums()
    .toSorted((album, otherAlbum) => otherAlbum.releaseDate.localeCompare(album.releaseDate))
    .slice(0, newestReleases);
  const objects = createObjects(request, null);
  const items = slice(newestAlbums, window).map((album) => objects.album(album));
  return {
    albums: writePage(
      request,
      request.path,
      { window, total: newestAlbums.length, itemsKey: 'second' },
      items,
    ),
  };
}

/** GET /browse/categories */
export function readCategories(request: RequestContext): unknown {
  const window = readWindow(request, 'browse');
  const categories = request.catalogue.categories();
  const items = slice(categories, window).map((category) => categoryObject(request, category));
  const details = {
    window,
    total: categories.length,
    parameters: localeOf(request),
    itemsKey: 'second',
  } as const;
  return { categories: writePage(request, request.path, details, items) };
}

/** GET /browse/categories/{id} */
export const readCategory = (request: RequestContext): unknown =>
  categoryObject(request, existingCategory(request));

/** GET /browse/categories/{id}/playlists */
export function readCategoryPlaylists(request: RequestContext): unknown {
  const { name, id } = existingCategory(request);
  const window = readWindow(request, 'browse');
  const playlists = request.catalogue.playlistsOf(id);
  const { playlist: writePlaylist } = createPlaylistObjects(request, null);
  const items = slice(playlists, window).map((playlist) => playlist && writePlaylist(playlist));
  return {
    message: name,
    playlists: writePage(
      request,
      request.path,
      { window, total: playlists.length, itemsKey: 'second' },
      items,
    ),
  };
}

function existingCategory(request: RequestContext): Category {
  const category = request.catalogue.category(request.id);
  if (!category) throw resourceNotFound();
  return category;
}

// The sandbox translates a name by appending the language.
const categoryObject = ({ apiUrl, imagesUrl, query }: RequestContext, category: Category): JsonObject => {
  const language = query.get('locale')?.slice(0, 2) ?? 'en';
  return {
    href: `${apiUrl}/browse/categories/${category.id}`,
    icons: category.icons.map(({ file, width, height }) => ({ height, url: imagesUrl + file, width })),
    id: category.id,
    name: language === 'en' ? category.name : `${category.name} (${language})`,
  };
};

const localeOf = ({ query }: RequestContext): LinkParameter[] => {
  const locale = query.get('locale');
  return locale === null ? [] : [['locale', encodeURIComponent(locale)]];
};

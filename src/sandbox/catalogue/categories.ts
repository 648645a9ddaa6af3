import type { Category, Playlist } from './model.ts';
import { drawCovers } from './picture-files.ts';
import { base62, createRandom } from './random.ts';

/** The categories of a sandbox. */
export interface Categories {
  /** In Spotify's order. */
  categories(): readonly Category[];
  category(id: string): Category | undefined;
  /** The playlists of a category slot by slot; null is a slot of a removed playlist. Empty for an unknown id. */
  playlistsOf(categoryId: string): readonly (Playlist | null)[];
}

// The first ones have words for ids, as old categories of Spotify; the ids of the others look like those of objects.
const wordIds = ['toplists', 'mood', 'party', 'jazz', 'focus', 'sleep', 'dinner', 'workout'];
const otherCategories = 47; // more than a page of 50 together
const ordinaryShare = 1 / 7;
const nullShare = 0.1; // three of twenty in a response of 2024

/** @param playlists the playlists of which the categories have some; `party` has all */
export function createCategories(playlists: readonly Playlist[]): Categories {
  const drawnCategories = [
    ...wordIds,
    ...Array.from({ length: otherCategories }, (_, index) => `other:${index}`),
  ].map((key, index): Category => {
    const random = createRandom(`category:${key}`);
    const isWord = index < wordIds.length;
    return {
      id: isWord ? key : `0JQ5D${random.text(base62, 17)}`,
      name: isWord ? `${key.charAt(0).toUpperCase()}${key.slice(1)}` : `Category ${index}`,
      icons: drawCovers(random).slice(1, 2),
    };
  });
  const categories = new Map(drawnCategories.map((category) => [category.id, category]));
  return {
    categories: () => drawnCategories,
    category: (id) => categories.get(id),
    playlistsOf(categoryId) {
      if (!categories.has(categoryId)) return [];
      const random = createRandom(`playlists of category:${categoryId}`);
      const chosenPlaylists =
        categoryId === 'party' ? playlists : playlists.filter(() => random.chance(ordinaryShare));
      return chosenPlaylists.map((playlist) => (random.chance(nullShare) ? null : playlist));
    },
  };
}

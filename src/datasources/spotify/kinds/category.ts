import { createHash } from 'node:crypto';
import { propertyOf } from '../../../json.ts';
import { expectObject, expectString, listPart, MalformedResponse, withId } from './decoding/json.ts';
import { type DecodedList, type Image, image } from './decoding/values.ts';
import type { Entity } from './kind.ts';
import { isBareId, isPathSegment } from './spotify-id.ts';

/** A category of the playlists that Spotify shows under "Browse". It is no object of the catalogue and has no URI. */
export interface Category extends Entity {
  kind: 'category';
  /** Spotify's id, which may be a word such as `party`. */
  categoryId: string;
  name: string;
  icons: DecodedList<Image>;
}

/**
 * Adds to a category an id in the form of Spotify's ids, so that a cursor can find it again: a hash of its id, which stays
 * in `category_id`.
 */
export function identifiedCategory(value: unknown): unknown {
  const category = withId(value);
  if (typeof category !== 'object' || category === null) return category;
  const categoryId = propertyOf(category, 'id');
  const id = createHash('sha256').update(String(categoryId)).digest('hex').slice(0, 22);
  return { ...category, category_id: categoryId, id };
}

/**
 * Whether a text can be the id of a category, which may be a word. A server on the way to Spotify may decode a slash, and
 * would then find another path.
 */
export const isCategoryId = (text: string): boolean => isPathSegment(text) && !/[/\\\p{Cc}]/u.test(text);

/** @param value an identified category. @throws MalformedResponse without a readable id and name */
export function decodeCategory(value: unknown): Category {
  const json = expectObject(value, 'category');
  const id = expectString(json, 'id', 'category');
  const categoryId = expectString(json, 'category_id', 'category');
  if (!isBareId(id) || !isCategoryId(categoryId)) throw new MalformedResponse('category.id');
  return {
    kind: 'category',
    id,
    categoryId,
    market: null,
    full: true,
    name: expectString(json, 'name', 'category'),
    icons: listPart(json, 'icons', 'category', image),
  };
}

import { beforeAll } from 'vitest';
import { catalogue } from './catalogue.ts';

/** The first search generates the tracks of the sandbox, which blocks the event loop for longer than a gateway allows. */
export const generateTracks = (): void => beforeAll(() => void catalogue.find('track', 'the'));

/** The results that the sandbox has for a search, from one slot to another. */
export const expectedResults = (kind: 'artist' | 'album' | 'track', q: string, from = 0, to = 1_000) =>
  catalogue
    .find(kind, q)
    .slice(from, to)
    .map(({ id }) => ({ id }));

/** The path of the call for one page of a search for one kind, or for several kinds with commas. */
export const searchPath = (q: string, type: string, limit: number, offset = 0): string => {
  const page = { limit: `${limit}`, offset: `${offset}` };
  return `/search?${new URLSearchParams(type.includes(',') ? { q, ...page, type } : { q, type, ...page })}`;
};

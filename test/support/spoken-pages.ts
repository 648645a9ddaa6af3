import { expect } from 'vitest';
import type { PageInfo } from './album-pages.ts';
import type { inMode } from './asking.ts';

/** A window of the episodes of a show or of the chapters of an audiobook. */
export interface SpokenPage {
  totalCount: number | null;
  nodes: { id: string }[];
  pageInfo: PageInfo;
}

/** A document that reads a window. */
export const pageDocument = ({ parent, list }: { parent: string; list: string }, id: string, args: string) =>
  `{ ${parent}(id: "${id}") { list: ${list}${args && `(${args})`} {
    totalCount nodes { id } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } }`;

/** Reads a window, and asserts that there are no errors. */
export async function pageOf(
  { ask }: Awaited<ReturnType<typeof inMode>>,
  field: { parent: string; list: string },
  id: string,
  args: string,
): Promise<SpokenPage> {
  const answer = await ask<Record<string, { list: SpokenPage }>, unknown>(pageDocument(field, id, args));
  expect(answer.errors).toEqual([]);
  return answer.data[field.parent]?.list as SpokenPage;
}

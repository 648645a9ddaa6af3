import { expect } from 'vitest';
import type { PageInfo } from './album-pages.ts';
import type { startInMode } from './schema-tests.ts';

/** A window of the episodes of a show or of the chapters of an audiobook. */
export interface PartPage {
  totalCount: number | null;
  nodes: { id: string }[];
  pageInfo: PageInfo;
}

/** A document that reads a window. */
export const pageDocument = ({ parent, list }: { parent: string; list: string }, id: string, args: string) =>
  `{ ${parent}(id: "${id}") { list: ${list}${args && `(${args})`} {
    totalCount nodes { id } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } }`;

/** Reads a window, and asserts that there are no errors. */
export async function readPage(
  { execute }: Awaited<ReturnType<typeof startInMode>>,
  field: { parent: string; list: string },
  id: string,
  args: string,
): Promise<PartPage> {
  const response = await execute<Record<string, { list: PartPage }>, unknown>(pageDocument(field, id, args));
  expect(response.errors).toEqual([]);
  return response.data[field.parent]?.list as PartPage;
}

import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { Plugin } from 'graphql-yoga';
import { isRead } from './routes.ts';

/** The files of the docs by the paths at which they are served. */
export type Docs = ReadonlyMap<string, URL>;

const folder = new URL('../../../docs/', import.meta.url);

/**
 * The docs that are installed beside the gateway; none in an image or a package.
 * @param path the start of their paths, such as `/docs/`
 */
export function findDocs(path: string): Docs {
  try {
    const names = readdirSync(folder).filter((name) => name.endsWith('.md'));
    return new Map(names.map((name) => [path + name, new URL(name, folder)]));
  } catch {
    return new Map();
  }
}

/** Serves the docs as they are written, in Markdown. */
export const useDocs = (docs: Docs): Plugin => ({
  async onRequest({ request, url, endResponse, fetchAPI: { Response } }) {
    const file = docs.get(url.pathname);
    if (!file) return;
    if (!isRead(request)) return endResponse(new Response(null, { status: 404 }));
    const headers = { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' };
    endResponse(new Response(await readFile(file, 'utf8'), { headers }));
  },
});

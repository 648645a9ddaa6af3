import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { Plugin } from 'graphql-yoga';
import { htmlPage, pageHeaders } from './page.ts';
import { isRead } from './routes.ts';

/** The files of the docs by the paths at which they are served. */
export type Docs = ReadonlyMap<string, URL>;

/**
 * The folder of the package; null in a bundle, in which this module has no file of its own. Not `new URL('../../../',
 * import.meta.url)`: bundlers look for a module of that name, and the build fails.
 */
const place = /(?:src|dist)\/http\/plugins\/docs\.[jt]s$/;
const root = place.test(import.meta.url) ? import.meta.url.replace(place, '') : null;

/**
 * The docs that are installed beside the gateway, and the README to which they link; none in an image or a package.
 * @param base the start of their paths; empty for `/docs/errors.md`
 */
export function findDocs(base: string): Docs {
  if (root === null) return new Map();
  try {
    const names = readdirSync(new URL('docs/', root), { recursive: true, encoding: 'utf8' });
    const pages = names
      .filter((name) => name.endsWith('.md'))
      .map((name) => `docs/${name.replaceAll('\\', '/')}`);
    return new Map(['README.md', ...pages].map((name) => [`${base}/${name}`, new URL(name, root)]));
  } catch {
    return new Map();
  }
}

/** Serves the docs as they are written, in Markdown; to browsers with links. */
export const useDocs = (docs: Docs): Plugin => ({
  async onRequest({ request, url, endResponse, fetchAPI: { Response } }) {
    const file = docs.get(url.pathname);
    if (!file) return;
    if (!isRead(request)) return endResponse(new Response(null, { status: 404 }));
    const markdown = await readFile(file, 'utf8');
    if (request.headers.get('accept')?.includes('text/html')) {
      const page = htmlPage(titleOf(markdown), `<pre>${withLinks(markdown, url.pathname, docs)}</pre>`);
      return endResponse(new Response(page, { headers: pageHeaders() }));
    }
    const headers = { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' };
    endResponse(new Response(markdown, { headers }));
  },
});

const titleOf = (markdown: string): string => escaped(/^# (.+)$/m.exec(markdown)?.[1] ?? 'Documentation');

/** The text as HTML, in which links to other pages of the docs and to the web are links. */
function withLinks(markdown: string, path: string, docs: Docs): string {
  return escaped(markdown).replace(/\[([^\]]+)\]\(([^)\s]+)\)/g, (text, label, target) => {
    const isWeb = /^https:\/\//.test(target);
    const { pathname } = new URL(target, `http://localhost${path}`);
    if (!isWeb && !docs.has(pathname)) return text;
    return `<a href="${isWeb ? target : pathname}">${label}</a>`;
  });
}

const escaped = (text: string): string =>
  text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);

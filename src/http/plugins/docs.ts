import { readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { Plugin } from 'graphql-yoga';
import type { RendererObject } from 'marked';
import { prefersHtml } from '../media-types.ts';
import { htmlPage, pageHeaders } from './page.ts';

/** The files of the docs by the paths at which they are served. */
export type Docs = ReadonlyMap<string, URL>;

/**
 * The folder of the package, beside this module or the bundled server; null in the bundle of another project. Not
 * `new URL('../../../', import.meta.url)`: bundlers look for a module of that name, and the build fails.
 */
const modulePath = /(?:src|dist)\/(?:http\/plugins\/docs|server)\.[jt]s$/;
const root = modulePath.test(import.meta.url) ? import.meta.url.replace(modulePath, '') : null;

/**
 * The docs that are installed in the folder, with their pictures, and the README to which they link; none in the container
 * image.
 */
function findPages(folder: string): [name: string, file: URL][] {
  try {
    // Another project may build a file of the same name.
    const { name: packageName } = JSON.parse(readFileSync(new URL('package.json', folder), 'utf8'));
    if (packageName !== 'spotify-graphql-gateway') return [];
    const names = readdirSync(new URL('docs/', folder), { recursive: true, encoding: 'utf8' });
    const docs = names
      .filter((name) => /\.(?:md|png)$/.test(name))
      .map((name) => `docs/${name.replaceAll('\\', '/')}`);
    return ['README.md', ...docs].map((name) => [name, new URL(name, folder)]);
  } catch {
    return [];
  }
}

/**
 * The docs that are installed beside the gateway.
 * @param base the start of their paths; empty for `/docs/errors.md`
 */
export const findDocs = (base: string): Docs =>
  new Map((root === null ? [] : findPages(root)).map(([name, file]) => [`${base}/${name}`, file]));

/** The other paths of the gateway to which the docs link. */
interface DocsLinks {
  home: string;
  /** Path of the schema as SDL; null if it is not served. */
  sdlPath: string | null;
}

/** Serves the docs as they are written, in Markdown, and to browsers as HTML. */
export const useDocs = (docs: Docs, { home, sdlPath }: DocsLinks): Plugin => ({
  async onRequest({ request, url, endResponse, fetchAPI: { Response } }) {
    const file = docs.get(url.pathname);
    if (!file) return;
    const content = await readFile(file);
    const headers = { 'x-content-type-options': 'nosniff' };
    if (url.pathname.endsWith('.png'))
      return endResponse(new Response(content, { headers: { ...headers, 'content-type': 'image/png' } }));
    const markdown = content.toString('utf8');
    if (prefersHtml(request.headers.get('accept'))) {
      const isServed = (path: string) => docs.has(path) || path === sdlPath;
      const page = htmlPage(titleOf(markdown), await htmlOf(markdown, url.pathname, isServed), home);
      return endResponse(new Response(page, { headers: pageHeaders() }));
    }
    endResponse(
      new Response(markdown, { headers: { ...headers, 'content-type': 'text/plain; charset=utf-8' } }),
    );
  },
});

const titleLine = /^# (.+)\n/m;

const titleOf = (markdown: string): string => escaped(titleLine.exec(markdown)?.[1] ?? 'Documentation');

/** The text below the title as HTML. Links and pictures that lead to a file that is not served are plain text. */
async function htmlOf(markdown: string, path: string, isServed: (path: string) => boolean): Promise<string> {
  const { Marked } = await import('marked'); // at the first page: few processes serve one
  const isReachable = (target: string) =>
    /^(?:https:|#)/.test(target) || isServed(new URL(target, `http://localhost${path}`).pathname);
  const renderer: RendererObject = {
    heading({ tokens, depth, text }) {
      return `<h${depth} id="${anchorOf(text)}">${this.parser.parseInline(tokens)}</h${depth}>\n`;
    },
    link({ href, tokens }) {
      return isReachable(href) ? false : this.parser.parseInline(tokens);
    },
    image: ({ href, text }) => (isReachable(href) ? false : escaped(text)),
  };
  return new Marked({ renderer }).parse(markdown.replace(titleLine, ''), { async: true });
}

/** The name of a heading in links, as on GitHub. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');

const escaped = (text: string): string =>
  text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);

import { describe, expect, it } from 'vitest';
import { catalogue } from '../support/catalogue.ts';
import { useSandbox } from './client.ts';

const { artists, albums } = catalogue.fixtures;
const client = useSandbox();

interface Image {
  url: string;
  width: number | null;
  height: number | null;
}

const imagesOf = async (path: string) => (await client.get(path)).at('images') as Image[];

/** The size that an SVG file states. */
const sizeOf = (svg: string) =>
  ['width', 'height'].map((side) => Number(new RegExp(`^<svg [^>]*${side}="(\\d+)"`).exec(svg)?.[1]));

describe('the pictures of the sandbox', () => {
  it('are at every address that the Web API returns, in the size that it states', async () => {
    const paths = [`/artists/${artists.bts}`, `/albums/${albums.tracks1}`, `/albums/${albums.unsizedImages}`];
    const images = (await Promise.all(paths.map(imagesOf))).flat();
    expect(images).toHaveLength(3 + 3 + 1);
    for (const { url, width, height } of images) {
      const response = await fetch(url);
      expect([response.status, response.headers.get('content-type')]).toEqual([200, 'image/svg+xml']);
      if (width !== null) expect(sizeOf(await response.text())).toEqual([width, height]);
    }
  });

  it('exist for each image in the catalogue', async () => {
    const objects = [
      ...catalogue.artists(),
      ...catalogue.albums().slice(0, 100),
      ...catalogue.shows(),
      ...catalogue.episodes().slice(0, 100),
      ...catalogue.audiobooks(),
      ...catalogue.playlists(),
    ];
    const files = objects.flatMap(({ images }) => images.map(({ file }) => file));
    const statuses = new Set<number>();
    for (const file of files) {
      const response = await fetch(client.sandbox.imagesUrl + file, { method: 'HEAD' });
      statuses.add(response.status);
    }
    expect([...statuses]).toEqual([200]);
  });

  it('differ by object, are the same at each request, and state the title of the album', async () => {
    const texts: string[] = [];
    for (const id of [albums.tracks1, albums.tracks20, albums.tracks1]) {
      const [image] = await imagesOf(`/albums/${id}`);
      texts.push(await (await fetch(image?.url ?? '')).text());
    }
    expect(texts[0]).toBe(texts[2]);
    expect(texts[0]).not.toBe(texts[1]);
    expect(texts[0]).toContain('<title>Single Lantern by ');
  });

  it('are well-formed XML, also for a name with an ampersand', async () => {
    const artist = catalogue.artists().find(({ name, images }) => name.includes('&') && images.length > 0);
    const [image] = await imagesOf(`/artists/${artist?.id}`);
    const svg = await (await fetch(image?.url ?? '')).text();
    expect(svg).toContain('&amp;');
    expect(svg).not.toMatch(/&(?!amp;|lt;|gt;|quot;)/);
  });

  it('are 404 for unknown files and 405 for other methods', async () => {
    const [image] = await imagesOf(`/artists/${artists.bts}`);
    const url = image?.url ?? '';
    const other = [`${url}0`, url.slice(0, -1), `${url}?w=3`, `${client.sandbox.imagesUrl}${'0'.repeat(40)}`];
    for (const address of other) expect((await fetch(address)).status).toBe(404);
    expect((await fetch(url, { method: 'POST' })).status).toBe(405);
  });

  it('need no token, are not in the list of calls, and are subject to no fault or limit', async () => {
    const [image] = await imagesOf(`/artists/${artists.bts}`);
    client.sandbox.clearCalls();
    client.sandbox.faults.add({ fault: { kind: 'answer', status: 503 } });
    expect((await fetch(image?.url ?? '')).status).toBe(200);
    expect(client.sandbox.calls()).toEqual([]);
  });
});

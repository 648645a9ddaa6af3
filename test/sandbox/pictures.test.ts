import { describe, expect, test } from 'vitest';
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
  test('the sandbox has a picture at every image address that the Web API returns, in the stated size', async () => {
    const paths = [`/artists/${artists.bts}`, `/albums/${albums.tracks1}`, `/albums/${albums.unsizedImages}`];
    const images = (await Promise.all(paths.map(imagesOf))).flat();
    expect(images).toHaveLength(3 + 3 + 1);
    for (const { url, width, height } of images) {
      const response = await fetch(url);
      expect([response.status, response.headers.get('content-type')]).toEqual([200, 'image/svg+xml']);
      if (width !== null) expect(sizeOf(await response.text())).toEqual([width, height]);
    }
  });

  test('the sandbox has a picture for each image in the catalogue', async () => {
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

  test('pictures differ by object, are the same at each request, and state the title of the album', async () => {
    const texts: string[] = [];
    for (const id of [albums.tracks1, albums.tracks20, albums.tracks1]) {
      const [image] = await imagesOf(`/albums/${id}`);
      texts.push(await (await fetch(image?.url ?? '')).text());
    }
    expect(texts[0]).toBe(texts[2]);
    expect(texts[0]).not.toBe(texts[1]);
    expect(texts[0]).toContain('<title>Single Lantern by ');
  });

  test('a picture is well-formed XML, also for a name with an ampersand', async () => {
    const artist = catalogue.artists().find(({ name, images }) => name.includes('&') && images.length > 0);
    const [image] = await imagesOf(`/artists/${artist?.id}`);
    const svg = await (await fetch(image?.url ?? '')).text();
    expect(svg).toContain('&amp;');
    expect(svg).not.toMatch(/&(?!amp;|lt;|gt;|quot;)/);
  });

  test('a picture of an unknown address is 404, and a POST request for a picture is 405', async () => {
    const [image] = await imagesOf(`/artists/${artists.bts}`);
    const url = image?.url ?? '';
    const other = [`${url}0`, url.slice(0, -1), `${url}?w=3`, `${client.sandbox.imagesUrl}${'0'.repeat(40)}`];
    for (const address of other) expect((await fetch(address)).status).toBe(404);
    expect((await fetch(url, { method: 'POST' })).status).toBe(405);
  });

  test('a picture needs no token, is not in the list of calls, and is subject to no fault', async () => {
    const [image] = await imagesOf(`/artists/${artists.bts}`);
    client.sandbox.clearCalls();
    client.sandbox.faults.add({ fault: { kind: 'answer', status: 503 } });
    expect((await fetch(image?.url ?? '')).status).toBe(200);
    expect(client.sandbox.calls()).toEqual([]);
  });
});

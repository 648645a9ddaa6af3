import { expect, test } from 'vitest';
import {
  plainText,
  simplifiedOptions,
} from '../../../../../src/datasources/spotify/kinds/decoding/values.ts';
import { kinds } from '../../../../../src/datasources/spotify/kinds/index.ts';
import { plainId, shortAlbum, shortArtist } from '../../../../support/plain-objects.ts';

const readText = (text: unknown) => plainText({ description: text }, 'description', 'show');

test.each([
  ['Questions &amp; answers', 'Questions & answers'],
  ['It&#39;s &#x27;Friday&#x27;', "It's 'Friday'"],
  ['&lt;b&gt;bold&lt;/b&gt; &quot;words&quot;', '<b>bold</b> "words"'],
  ['&amp;lt;', '&lt;'],
  ['AT&T, &unknown; and &#0; &#x110000;', 'AT&T, &unknown; and &#0; &#x110000;'],
  ['Caf&#xe9; &#128512;', 'Café 😀'],
])('the escaped text %j is returned as the plain text %j', (escaped, plain) => {
  expect(readText(escaped)).toBe(plain);
});

test('a text that Spotify does not send is undefined, and a value of another type is marked as malformed', () => {
  expect(readText(null)).toBeUndefined();
  expect(readText(7)).toEqual({ malformed: 'show.description' });
});

test('an artist of several albums on a page has on each album what Spotify sent there', () => {
  const options = simplifiedOptions({ market: null, kinds });
  const artist = shortArtist(plainId(1));
  const sentArtists = [{ ...artist, external_urls: null }, artist, { ...artist, name: 'Other' }];
  const decoded = sentArtists.map(
    (sent, i) => kinds.album.decode({ ...shortAlbum(plainId(i)), artists: [sent] }, options).artists,
  );
  const externalUrl = artist.external_urls.spotify;
  expect(decoded).toMatchObject([
    [{ name: artist.name, externalUrl: undefined }],
    [{ name: artist.name, externalUrl }],
    [{ name: 'Other', externalUrl }],
  ]);
});

import { expect, test } from 'vitest';
import { plainText } from '../../../../../src/datasources/spotify/kinds/decoding/values.ts';

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

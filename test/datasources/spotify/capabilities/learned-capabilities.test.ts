import { expect, test } from 'vitest';
import { learnedSentence } from '../../../../src/datasources/spotify/capabilities/learned-capabilities.ts';

test.each([
  ['artists/albums', 10, 'learned: at most 10 albums a page (artists/albums)'],
  ['search', 50, 'learned: at most 50 results a page (search)'],
  ['batch', true, 'learned: this app may read many objects in one call'],
  ['batch', false, 'learned: this app needs one call for each object'],
  ['Artist.followers', false, 'learned: Spotify withholds Artist.followers from this app'],
  ['artists/top-tracks', true, 'learned: Spotify gives artists/top-tracks to this app'],
])('the log states a learned capability in a sentence: %s is %s', (capability, value, sentence) => {
  expect(learnedSentence(capability, value)).toBe(sentence);
});

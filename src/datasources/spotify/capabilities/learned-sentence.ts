import type { Capability } from './policy.ts';

/** A learned capability of the app, as a sentence for the log. */
export function learnedSentence(capability: Capability, value: boolean | number): string {
  return `learned: ${fact(capability, value)}`;
}

function fact(capability: Capability, value: boolean | number): string {
  if (typeof value === 'number') return `at most ${value} ${itemsOf(capability)} a page (${capability})`;
  if (capability === 'batch')
    return value ? 'this app may read many objects in one call' : 'this app needs one call for each object';
  return value ? `Spotify gives ${capability} to this app` : `Spotify withholds ${capability} from this app`;
}

/** The items of a page of an endpoint: `albums` for `artists/albums`. */
const itemsOf = (endpoint: string): string =>
  endpoint.includes('/') ? endpoint.slice(endpoint.lastIndexOf('/') + 1) : 'results';

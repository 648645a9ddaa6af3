import { seedLength } from './ids.js';

/**
 * Responses that are serialized once, with marked places for an artist's seed. A response is a copy with a few bytes
 * replaced, so that the upstream takes too little time to affect the results.
 */

const mark = '~SEED~~~';
if (mark.length !== seedLength) throw new Error('The mark has to be as long as a seed.');

/** @param write returns the response for a seed as an object; called once for each key */
export function createTemplates() {
  const templates = new Map();

  return function render(key, seed, write) {
    let template = templates.get(key);
    if (!template) {
      template = marked(Buffer.from(JSON.stringify(write(mark))));
      templates.set(key, template);
    }
    return fill(template, seed);
  };
}

function marked(bytes) {
  const places = [];
  for (let at = bytes.indexOf(mark); at >= 0; at = bytes.indexOf(mark, at + seedLength)) places.push(at);
  return { bytes, places };
}

function fill({ bytes, places }, seed) {
  const response = Buffer.from(bytes);
  const filling = Buffer.from(seed, 'latin1');
  for (const at of places) response.set(filling, at);
  return response;
}

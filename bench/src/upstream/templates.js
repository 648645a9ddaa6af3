import { seedLength } from './ids.js';

/**
 * Answers written out once, with the places marked where an artist's seed goes. To answer is to copy and to fill
 * in a few bytes, so that the upstream is never what is measured.
 */

const mark = '~SEED~~~';
if (mark.length !== seedLength) throw new Error('The mark has to be as long as a seed.');

/** @param write the answer for a seed, as an object; called once for each key */
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
  const answer = Buffer.from(bytes);
  const filling = Buffer.from(seed, 'latin1');
  for (const at of places) answer.set(filling, at);
  return answer;
}

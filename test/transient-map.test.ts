import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { createTransientMap } from '../src/transient-map.ts';

describe('a transient map', () => {
  test('gives what was set last, and nothing that was deleted', () => {
    const map = createTransientMap<string, { n: number }>();
    map.set('a', { n: 1 });
    map.set('b', { n: 2 });
    map.set('a', { n: 3 });
    map.delete('b');
    map.delete('never there');
    expect(map.get('a')).toEqual({ n: 3 });
    expect(map.get('b')).toBeUndefined();
    expect(map.values()).toEqual([{ n: 3 }]);
  });

  test('lets go of what passes, so that a minor collection takes it', () => {
    const map = createTransientMap<number, number[]>();
    const pass = (from: number, count: number) => {
      for (let i = from; i < from + count; i += 1) {
        map.set(i, new Array(size).fill(i));
        map.delete(i - inHand);
      }
    };
    pass(0, 10 * inHand);
    collect('major'); // by now a table of the map is among the old things
    collect('major');
    const before = oldBytes();
    for (let round = 0; round < 10; round += 1) {
      pass(10 * inHand + round * 100, 100);
      collect('minor');
    }
    const passedBytes = 1_000 * size * 8;
    expect(oldBytes() - before).toBeLessThan(passedBytes * 0.2);
  });
});

const inHand = 30;
const size = 1_000;

setFlagsFromString('--expose-gc');
const collect = (() => {
  const gc = runInNewContext('gc') as (options: { type: 'major' | 'minor' }) => void;
  return (type: 'major' | 'minor') => gc({ type });
})();

const oldBytes = (): number =>
  getHeapSpaceStatistics()
    .filter(({ space_name }) => space_name.startsWith('old'))
    .reduce((sum, { space_used_size }) => sum + space_used_size, 0);

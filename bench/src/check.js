import { deepStrictEqual } from 'node:assert';
import { canAnswer } from './contestants.js';
import { connect } from './load.js';
import { operations, requestOf } from './operations.js';
import { seedOf } from './upstream/ids.js';

/** Before anything is timed: everybody gives the same data, and it is known what that costs whom. */

const apart = 1_000; // no operation reads what another has read
const seedsFor = (name, i) =>
  Array.from({ length: operations[name].artists }, (_, j) => seedOf(i * apart + j));

const cursors = new Set(['cursor', 'startCursor', 'endCursor']);

/** Cursors are everybody's own; where there is one is not. */
const comparable = (answer) =>
  JSON.parse(
    JSON.stringify(answer, (key, value) => (cursors.has(key) && value !== null ? 'a cursor' : value)),
  );

/**
 * @param say told what each spends
 * @throws AssertionError for whoever answers otherwise than the first who has the data, or spends other calls than
 * the fewest where that is promised
 */
export async function checkAll({ servers, contestants, upstream, mode, names, say }) {
  const seeds = new Map(names.map((name, i) => [name, seedsFor(name, i)]));
  let standard;
  for (const [who, { origin }] of Object.entries(servers)) {
    const { kind, dialect } = contestants[who];
    const write = dialect?.createRequestOf(mode) ?? requestOf;
    const own = names.filter((name) => canAnswer(contestants[who], name));
    const bodies = own.map((name) => [name, write(name, seeds.get(name))]);
    const { answers, calls } = await answersOf(origin, upstream, bodies, dialect?.translate);
    for (const name of own) {
      const { data, ...rest } = answers[name];
      deepStrictEqual(rest, {}, `${who} answers ${name} with more than data (${mode})`);
      if (kind === 'limit') continue;
      standard ??= answers;
      deepStrictEqual({ data }, standard[name], `${who} answers ${name} otherwise (${mode})`);
      if (kind === 'ours' || kind === 'floor') {
        deepStrictEqual(
          calls[name],
          operations[name].calls[mode],
          `${who} spends other calls on ${name} (${mode})`,
        );
      }
    }
    say(`same data  ${who.padEnd(10)} calls ${own.map((name) => `${name} ${calls[name]}`).join(', ')}`);
  }
}

/** @param translate from another dialect into ours */
async function answersOf(origin, upstream, bodies, translate = (_, answer) => answer) {
  const { ask, close } = connect(origin);
  const answers = {};
  const calls = {};
  try {
    for (const [name, body] of bodies) {
      await upstream.ask('calls');
      answers[name] = comparable(translate(name, await ask(body)));
      const { token: _, ...families } = await upstream.ask('calls');
      calls[name] = Object.values(families).reduce((sum, count) => sum + count, 0);
    }
    return { answers, calls };
  } finally {
    await close();
  }
}

import { deepStrictEqual } from 'node:assert';
import { connect } from './load.js';
import { operations, requestOf } from './operations.js';
import { supports } from './targets.js';
import { seedOf } from './upstream/ids.js';

/** Before the measurements: checks that all servers return the same data, and prints the calls of each. */

const seedsApart = 1_000; // so that no operation reads objects of another one
const seedsFor = (name, i) =>
  Array.from({ length: operations[name].artists }, (_, j) => seedOf(i * seedsApart + j));

const cursors = new Set(['cursor', 'startCursor', 'endCursor']);

/** The values of cursors may differ between servers, but not which fields have one. */
const comparable = (response) =>
  JSON.parse(
    JSON.stringify(response, (key, value) => (cursors.has(key) && value !== null ? 'a cursor' : value)),
  );

/**
 * @param say called with a line about the calls of each server
 * @throws AssertionError if a server returns other data than the first one, or if the gateway or the floor does not use
 * the fewest calls
 */
export async function checkAll({ servers, targets, upstream, mode, names, say }) {
  const seeds = new Map(names.map((name, i) => [name, seedsFor(name, i)]));
  let expectedAnswers;
  for (const [serverName, { origin }] of Object.entries(servers)) {
    const { kind, dialect } = targets[serverName];
    const write = dialect?.createRequestOf(mode) ?? requestOf;
    const supported = names.filter((name) => supports(targets[serverName], name));
    const bodies = supported.map((name) => [name, write(name, seeds.get(name))]);
    const { responses, calls } = await responsesOf(origin, upstream, bodies, dialect?.translate);
    for (const name of supported) {
      const { data, ...rest } = responses[name];
      deepStrictEqual(rest, {}, `${serverName} returns more than data for ${name} (${mode})`);
      if (kind === 'limit') continue;
      expectedAnswers ??= responses;
      deepStrictEqual(
        { data },
        expectedAnswers[name],
        `${serverName} returns other data for ${name} (${mode})`,
      );
      if (kind === 'ours' || kind === 'floor') {
        deepStrictEqual(
          calls[name],
          operations[name].calls[mode],
          `${serverName} uses other calls for ${name} (${mode})`,
        );
      }
    }
    say(
      `same data  ${serverName.padEnd(10)} calls ${supported.map((name) => `${name} ${calls[name]}`).join(', ')}`,
    );
  }
}

/** @param translate converts a response for another schema to ours */
async function responsesOf(origin, upstream, bodies, translate = (_, response) => response) {
  const { execute, close } = connect(origin);
  const responses = {};
  const calls = {};
  try {
    for (const [name, body] of bodies) {
      await upstream.request('calls');
      responses[name] = comparable(translate(name, await execute(body)));
      const { token: _, ...families } = await upstream.request('calls');
      calls[name] = Object.values(families).reduce((sum, count) => sum + count, 0);
    }
    return { responses, calls };
  } finally {
    await close();
  }
}

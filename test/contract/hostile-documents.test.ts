import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import * as fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { startSandbox } from '../../src/sandbox/index.ts';
import { repeated } from '../support/abuse.ts';
import { hostileRequests } from '../support/hostile-documents.ts';
import { type HostileProcess, startHostileProcess } from '../support/hostile-process.ts';
import { catalogue } from '../support/schema-tests.ts';

/**
 * Every document costs a process little. `HOSTILE_DOCUMENTS` sets the number of documents, and `HOSTILE_SEED` sets the
 * seed that generates them.
 */

const documents = Number(process.env['HOSTILE_DOCUMENTS'] ?? 300);
const seed = Number(process.env['HOSTILE_SEED'] ?? (process.env['CI'] ? 1 : Date.now() | 0));
const maxBlockedMs = 250;
const maxAnswerBytes = 8_000_000;
const msPerDocument = 60; // on a machine that is busy with other tests
const documentsAtATime = 8; // sent together, because one exchange costs as much as a small document
const groupSize = { minLength: documentsAtATime, maxLength: documentsAtATime };

type Outcome = Awaited<ReturnType<HostileProcess['execute']>>;

const isLate = ({ blockedMs, responses }: Outcome) =>
  blockedMs > maxBlockedMs || responses.some(({ status }) => status === 503);

/** Bugs and invalid responses. A late event loop is not one of them. */
const faultsOf = ({ bugs, responses }: Outcome) => [
  ...bugs,
  ...responses.filter(
    ({ status, codes, bytes }) =>
      ![200, 400, 413, 503].includes(status) ||
      codes.includes('INTERNAL_SERVER_ERROR') ||
      bytes > maxAnswerBytes,
  ),
];

const times = (field: string, count: number) => repeated(`a#: ${field}`, count);

const schemaText = readFileSync(new URL('../../subgraph.graphql', import.meta.url), 'utf8');
const maxSchemaTexts = Math.floor(maxAnswerBytes / Buffer.byteLength(JSON.stringify(schemaText)));

/** The slowest kinds of operations, as large as the limits allow. */
const worst: [title: string, query: string, variables?: object][] = [
  [
    'invalid ids',
    `query ($i: [ID!]!) { ${times('nodes(ids: $i) { id }', 30)} }`,
    { i: Array(100).fill('no id') },
  ],
  [
    'representations of an unknown type',
    `query ($r: [_Any!]!) { ${times('_entities(representations: $r) { __typename }', 3)} }`,
    { r: Array(1_000).fill({ __typename: 'X', id: '1' }) },
  ],
  [
    'fields that Spotify withholds from the app',
    `{ search(q: "the") { ${times('artists(first: 100) { nodes { ...F } }', 1)} } }
     fragment F on Artist { ${times('popularity', 98)} }`,
  ],
  [
    'leaves of small objects',
    `{ search(q: "the") { ${times('tracks(first: 100) { nodes { artists { ...F } } }', 4)} } }
     fragment F on Artist { ${times('name', 45)} }`,
  ],
  [
    'objects without leaves',
    `{ search(q: "the") { ${times('albums(first: 100) { edges { node { ...A } } }', 2)} } }
     fragment A on Album { ${times('releaseDate { __typename }', 90)} }`,
  ],
  ['introspection', `{ ${times('__schema { types { kind fields { name type { kind } } } }', 10)} }`],
  [
    'the schema as text',
    `{ ${times('_service { ...S }', 4)} } fragment S on _Service { ${times('sdl', Math.floor(maxSchemaTexts / 4))} }`,
  ],
];

let gateway: HostileProcess; // all documents are sent to one process

beforeAll(async () => {
  const sandbox = await startSandbox({ catalogue });
  for (const kind of ['artist', 'album', 'track'] as const) catalogue.find(kind, 'the'); // generates the search index
  gateway = await startHostileProcess(sandbox);
  return async () => {
    await gateway.close();
    await sandbox.close();
  };
}, 60_000);

test.each(worst)(
  'the largest operation that the limits allow blocks the event loop for less than 250 ms: %s',
  async (title, query, variables) => {
    const blockedMs: number[] = [];
    for (let run = 1; run <= 5; run++) {
      // Each run sends a new document.
      const body = JSON.stringify({ query: `${query} # ${run}`, variables });
      const execute = () => gateway.execute({ body, get: null, title: () => title });
      let outcome = await execute();
      // After a late iteration of the event loop the gateway sheds load for a moment.
      for (; outcome.responses[0]?.status === 503; outcome = await execute()) await sleep(50);
      expect(outcome.responses[0]?.status).toBe(200);
      expect(outcome.bugs).toEqual([]);
      blockedMs.push(outcome.blockedMs);
    }
    process.stdout.write(`${title}: ${blockedMs.join(', ')} ms\n`);
    // The first two runs execute code that is not compiled yet; other processes may have slowed one of the other runs.
    expect(Math.min(...blockedMs.slice(2))).toBeLessThanOrEqual(maxBlockedMs);
  },
  60_000,
);

test(
  'no hostile document stops the event loop, ends the process, causes a bug, or has a response that is too large',
  async () => {
    const stats = { codes: {} as Record<string, number>, blockedMs: 0, bytes: 0, rssMb: 0 };
    process.stdout.write(`hostile documents: ${documents} of seed ${seed}\n`);

    function record({ blockedMs, rssMb, responses }: Outcome): void {
      stats.blockedMs = Math.max(stats.blockedMs, blockedMs);
      stats.rssMb = Math.max(stats.rssMb, rssMb);
      for (const { codes, bytes } of responses) {
        for (const code of codes.length > 0 ? codes : ['none'])
          stats.codes[code] = (stats.codes[code] ?? 0) + 1;
        stats.bytes = Math.max(stats.bytes, bytes);
      }
    }

    await fc.assert(
      fc.asyncProperty(fc.array(hostileRequests, groupSize), async (group) => {
        const outcome = await gateway.execute(...group);
        const faults = faultsOf(outcome);
        if (faults.length > 0) expect(faults, group.map(({ title }) => title()).join('\n\n')).toEqual([]);
        if (!isLate(outcome)) {
          record(outcome);
          return;
        }
        // Each document alone has three attempts, because the machine may have been busy.
        for (const request of group) {
          let best = await gateway.execute(request);
          for (let n = 0; n < 2 && isLate(best); n++) {
            const again = await gateway.execute(request);
            best = { ...again, blockedMs: Math.min(best.blockedMs, again.blockedMs) };
          }
          record(best);
          expect(best.blockedMs, request.title()).toBeLessThanOrEqual(maxBlockedMs);
          expect(faultsOf(best), request.title()).toEqual([]);
        }
      }),
      { numRuns: Math.ceil(documents / documentsAtATime), seed, endOnFailure: true },
    );
    process.stdout.write(`${JSON.stringify(stats)}\n`);
    // The generator also creates operations without errors.
    expect(stats.codes['none']).toBeGreaterThan(documents / 50);
    expect(stats.codes['QUERY_TOO_COMPLEX']).toBeGreaterThan(documents / 50);
  },
  30_000 + documents * msPerDocument,
);

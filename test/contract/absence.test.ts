import { describe, expect, test } from 'vitest';
import type { WrittenRule } from '../support/case-format.ts';
import { startGateway } from '../support/gateway.ts';
import { plainId } from '../support/plain-objects.ts';
import { itemId, requestedLists, startList } from '../support/scripted-lists.ts';
import { startScriptedUpstream } from '../support/scripted-upstream.ts';
import { limitTestsAtOnce } from '../support/test-end.ts';

limitTestsAtOnce(4);

/** Only a 404 with a message for a read by id means that the object does not exist. Any other 404 is a fault. */

const maxAttempts = 3;

const withMessage = { status: 404, body: { error: { status: 404, message: 'Not found.' } } };
const withoutMessage: readonly [name: string, response: Omit<WrittenRule, 'path'>][] = [
  ['an empty body', { status: 404, raw: '' }],
  ['HTML', { status: 404, raw: '<html><h1>404 Not Found</h1></html>' }],
  ['JSON without a message', { status: 404, body: { error: { status: 404 } } }],
  ['JSON with an empty message', { status: 404, body: { error: { status: 404, message: '' } } }],
  ['JSON of another shape', { status: 404, body: { fault: 'route' } }],
];

const faultCodes = ['UPSTREAM_BAD_RESPONSE', 'UPSTREAM_UNAVAILABLE'];
type Errors = readonly { path?: readonly unknown[]; extensions?: { code?: unknown } }[];
const expectFault = (errors: Errors, path: readonly string[]): void => {
  expect(errors.map((error) => error.path)).toEqual([path]);
  expect(faultCodes).toContain(errors[0]?.extensions?.code);
};

describe.concurrent.each(requestedLists)('a 404 for the list of $name', (kind) => {
  const pages = [
    { items: kind.size, total: kind.size + 2, next: true },
    { items: 2, total: kind.size + 2, next: false },
  ];
  const all = Array.from({ length: kind.size + 2 }, (_, slot) => itemId(slot));
  const windows = ['first: 3', `first: ${kind.size + 2}`, 'last: 2'];

  test(`${kind.name}: a 404 with a message is an error, not null, and is not cached`, async () => {
    for (const args of windows) {
      const list = await startList(kind, pages, [{ path: kind.path, times: 1, ...withMessage }]);
      const response = await list.gateway.execute(kind.document(args));
      expectFault(response.errors, ['parent', 'list']);
      expect(list.offsets()).toHaveLength(1);
      expect((await list.walk(kind.size)).ids).toEqual(all);
    }
  });

  test(`${kind.name}: a 404 with a message for the second page is an error, and is not cached`, async () => {
    const rule = { path: kind.path, query: { offset: `${kind.size}` }, times: 1, ...withMessage };
    const list = await startList(kind, pages, [rule]);
    expectFault((await list.gateway.execute(kind.document(`first: ${kind.size + 2}`))).errors, [
      'parent',
      'list',
    ]);
    expect((await list.walk(kind.size)).ids).toEqual(all);
  });

  test(`${kind.name}: a 404 with a message for the length alone is an error, and is not cached`, async () => {
    const list = await startList(kind, pages, [{ path: kind.path, times: 1, ...withMessage }]);
    const { errors } = await list.gateway.execute(kind.document('first: 1', 'totalCount'));
    expectFault(errors, ['parent', 'list']);
    expect((await list.window('first: 1')).totalCount).toBe(kind.size + 2);
  });

  for (const [name, response] of withoutMessage) {
    test(`${kind.name}: a 404 with ${name} is retried like a 5xx`, async () => {
      for (const args of windows) {
        const list = await startList(kind, pages, [{ path: kind.path, times: 1, ...response }]);
        const window = await list.window(args);
        const expected = args.startsWith('first') ? all.slice(0, Number(args.slice(7))) : all.slice(-2);
        expect(window.nodes.map(({ id }) => id)).toEqual(expected);
      }
    });

    test(`${kind.name}: a repeated 404 with ${name} is an error, and is not cached`, async () => {
      const rule = { path: kind.path, times: maxAttempts, ...response };
      const list = await startList(kind, pages, [rule]);
      expectFault((await list.gateway.execute(kind.document('first: 3'))).errors, ['parent', 'list']);
      expect(list.offsets()).toHaveLength(maxAttempts);
      expect((await list.walk(kind.size)).ids).toEqual(all);
    });
  }
});

describe.concurrent.each(['artist', 'album', 'track'] as const)(
  'a 404 for an %s that is read by id',
  (kind) => {
    const [one, other] = [plainId(11), plainId(12)];
    const single = `{ found: ${kind}(id: "${one}") { id } }`;
    const plural = `{ found: ${kind}s(ids: ["${one}", "${other}"]) { id } }`;
    const path = `^/${kind}s/${one}$`;
    const echo = { path: `^/${kind}s/[^/]+$`, echo: kind };
    const start = async (...rules: WrittenRule[]) => {
      const upstream = await startScriptedUpstream([...rules, echo]);
      return { upstream, ...startGateway(upstream, { SPOTIFY_QUOTA_MODE: 'development' }) };
    };

    test(`${kind}: an object whose 404 has a message is null without an error, and is requested once a minute`, async () => {
      const { upstream, execute } = await start({ path, ...withMessage });
      for (let i = 0; i < 2; i += 1) {
        const { data, errors } = await execute(single);
        expect({ data, errors }).toEqual({ data: { found: null }, errors: [] });
      }
      const { data, errors } = await execute(plural);
      expect({ data, errors }).toEqual({ data: { found: [null, { id: other }] }, errors: [] });
      expect(upstream.log()).toEqual([`404 /${kind}s/${one}`, `200 /${kind}s/${other}`]);
    });

    test(`${kind}: a 404 that states that there is no such endpoint shows nothing about an object, and is not cached`, async () => {
      const unknownRoute = { status: 404, body: { error: { status: 404, message: 'Service not found' } } };
      const { upstream, execute } = await start({ path, times: 1, ...unknownRoute });
      expectFault((await execute(single)).errors, ['found']);
      const { data, errors } = await execute(single);
      expect({ data, errors }).toEqual({ data: { found: { id: one } }, errors: [] });
      expect(upstream.log()).toEqual([`404 /${kind}s/${one}`, `200 /${kind}s/${one}`]);
    });

    for (const [name, response] of withoutMessage) {
      test(`${kind}: a 404 with ${name} for a read by id is retried like a 5xx`, async () => {
        for (const [document, found] of [
          [single, { id: one }],
          [plural, [{ id: one }, { id: other }]],
        ] as const) {
          const { execute } = await start({ path, times: 1, ...response });
          const { data, errors } = await execute(document);
          expect({ data, errors }).toEqual({ data: { found }, errors: [] });
        }
      });

      test(`${kind}: a repeated 404 with ${name} for a read by id is an error of this object alone, and is not cached`, async () => {
        for (const [document, errorPath, found] of [
          [single, ['found'], { id: one }],
          [plural, ['found', 0], [{ id: one }, { id: other }]],
        ] as const) {
          const { upstream, execute } = await start({ path, times: maxAttempts, ...response });
          const failed = await execute(document);
          expect(failed.errors.map((error) => error.path)).toEqual([errorPath]);
          expect(faultCodes).toContain(failed.errors[0]?.extensions?.['code']);
          expect(upstream.log().filter((call) => call.startsWith('404'))).toHaveLength(maxAttempts);
          const { data, errors } = await execute(document);
          expect({ data, errors }).toEqual({ data: { found }, errors: [] });
        }
      });
    }
  },
);

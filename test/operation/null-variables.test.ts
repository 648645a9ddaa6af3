import { parse } from 'graphql';
import { expect, test } from 'vitest';
import { withSandbox } from '../support/gateway.ts';
import { postJson } from '../support/post-json.ts';
import { artists } from '../support/schema-tests.ts';

/** A variable with a default value may be null, although the argument that uses it may not. */

test.each([
  ['an argument of a root field', `query($v: ID = "${artists.bts}") { artist(id: $v) { name } }`],
  ['a list', `query($v: [ID!] = ["${artists.bts}"]) { artists(ids: $v) { name } }`],
  ['an element of a list', `query($v: ID = "${artists.bts}") { artists(ids: [$v]) { name } }`],
  ['the text of a search', 'query($v: String = "x") { search(q: $v) { artists { nodes { name } } } }'],
  ['the condition of a directive at the root', 'query($v: Boolean = true) { __typename @include(if: $v) }'],
  [
    'the condition of a directive below',
    `query($v: Boolean = true) { artist(id: "${artists.bts}") { name id @include(if: $v) } }`,
  ],
])('null for %s that must not be null is BAD_USER_INPUT in each run', async (_, query) => {
  const { gateway, sandbox, fetch } = await withSandbox();
  const variables = { v: null };
  for (let run = 0; run < 3; run++) {
    const { errors } = await gateway.execute({ document: parse(query), variables });
    expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
  }
  const response = await fetch('/graphql', postJson({ query, variables }, { accept: 'application/json' }));
  expect(response.status).toBe(200);
  expect(sandbox.calls().length).toBeLessThanOrEqual(2); // the token, and the artist above a directive
});

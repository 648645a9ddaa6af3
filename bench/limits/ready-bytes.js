import { readFileSync } from 'node:fs';
import { buildSchema, graphqlSync } from 'graphql';
import { operations } from '../src/operations.js';
import { rootValue } from './constant-data.js';
import { serve } from './serve.js';

/** Serves prepared responses: shows the cost of reading a request and sending a response of this size. */

const schema = buildSchema(readFileSync(new URL('../../schema.graphql', import.meta.url), 'utf8'));
const noIds = { id: '', ids: [] };

const responses = new Map(
  Object.entries(operations).map(([name, { document: source }]) => [
    name,
    Buffer.from(JSON.stringify(graphqlSync({ schema, source, rootValue, variableValues: noIds }))),
  ]),
);

const nameAt = '{"operationName":"'.length;

serve((body) => responses.get(body.toString('latin1', nameAt, nameAt + 2)));

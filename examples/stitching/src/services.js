import { buildHTTPExecutor } from '@graphql-tools/executor-http';
import { buildSchema, parse } from 'graphql';
import { patientFetch } from './patient-fetch.js';

/** The two ways in which the parent reaches a service: what it is, and how it is asked. */

/** Over HTTP: the schema is what the service says of itself, directives and all. */
export async function overHttp(endpoint) {
  const executor = buildHTTPExecutor({ endpoint, fetch: patientFetch });
  const { data, errors } = await executor({ document: parse('{ _sdl }') });
  if (errors) throw new AggregateError(errors, `${endpoint} does not tell its schema`);
  return { schema: buildSchema(data._sdl), executor };
}

/** In this process: no socket and no JSON lie between the parent and the gateway. */
export const inProcess = ({ schema, execute }) => ({ schema, executor: execute });

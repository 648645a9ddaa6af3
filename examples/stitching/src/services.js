import { buildHTTPExecutor } from '@graphql-tools/executor-http';
import { buildSchema, parse } from 'graphql';
import { patientFetch } from './patient-fetch.js';

/** The two ways to connect a service to the parent. Each returns the schema and the executor of the service. */

/** Over HTTP: the service returns its schema, including directives. */
export async function overHttp(endpoint) {
  const executor = buildHTTPExecutor({ endpoint, fetch: patientFetch });
  const { data, errors } = await executor({ document: parse('{ _sdl }') });
  if (errors) throw new AggregateError(errors, `${endpoint} does not tell its schema`);
  return { schema: buildSchema(data._sdl), executor };
}

/** In this process: without a socket and JSON between the parent and the gateway. */
export const inProcess = ({ schema, execute }) => ({ schema, executor: execute });

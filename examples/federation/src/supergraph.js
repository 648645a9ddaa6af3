import { composeServices } from '@theguild/federation-composition';
import { parse } from 'graphql';
import { patientFetch } from './patient-fetch.js';

/**
 * Composes the schemas of the subgraphs.
 * @param urls the URL of each subgraph by its name
 * @returns the SDL of the supergraph, and the hints of the composition
 */
export async function composeSupergraph(urls) {
  const services = await Promise.all(
    Object.entries(urls).map(async ([name, url]) => ({ name, url, typeDefs: parse(await sdlOf(url)) })),
  );
  const { errors, supergraphSdl, ...result } = composeServices(services);
  if (errors) throw new AggregateError(errors, 'the subgraphs do not fit together');
  return { supergraphSdl, hints: result.hints ?? [] };
}

async function sdlOf(url) {
  const response = await patientFetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: '{ _service { sdl } }' }),
  });
  const { data, errors } = await response.json();
  if (errors) throw new AggregateError(errors, `${url} does not tell its schema`);
  return data._service.sdl;
}

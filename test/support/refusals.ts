import type { Gateway } from '../../src/gateway.ts';

/** The codes with which a gateway has rejected requests before it read their documents, each with its count. */
export async function refusalsOf({ metrics }: Pick<Gateway, 'metrics'>) {
  const metric = await metrics.registry.getSingleMetric('spotify_graphql_refusals_total')?.get();
  return metric?.values.map(({ labels, value }) => [labels['code'], value]);
}

import { hourMs, type PagedEndpointDefinition } from './kind.ts';

/** The search, whose results may be of every kind. */
export const searchEndpoint = {
  name: 'search',
  pageSizes: [50, 10],
  developmentPageSize: 10,
  limitGroup: 'search',
  freshMs: hourMs,
  presumedDailyLimit: 200,
} as const satisfies PagedEndpointDefinition;

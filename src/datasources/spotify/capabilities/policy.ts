import { browseFields, pagedEndpoints, shortListNames } from '../kinds/index.ts';
import type { KindRegistry, PagedEndpointDefinition } from '../kinds/kind.ts';

/** The two quota modes of Spotify's apps and their capabilities. The capabilities of each mode are listed here alone. */

export type QuotaMode = 'auto' | 'development' | 'extended';
/** The name of a paged endpoint, of a feature or of a withheld field. */
export type Capability = string;

/** The endpoints, fields and page sizes that Spotify may withhold or limit, by kind of object. */
export interface CapabilityPolicy {
  /** `batch` is the reading of many objects by their ids; the others are endpoints, and fields that read endpoints. */
  features: readonly string[];
  /** Features of which one explicit rejection is proof, because there is no other object to try, or nothing is lost. */
  conclusiveFeatures: readonly string[];
  /** Lists that have no owner, such as new releases: there is no other object to try. */
  ownerlessFeatures: readonly string[];
  /** Fields that Spotify leaves out of full objects for apps in development mode, by the kind. */
  withheldFields: Readonly<Record<string, readonly string[]>>;
  endpoints: readonly PagedEndpointDefinition[];
  /** The capabilities of the kinds of app that Spotify documents since February 2026. */
  modes: Readonly<Record<QuotaMode, Readonly<Record<Capability, boolean | number>>>>;
  /** The values that only apps in development mode have. */
  developmentOnly: readonly (readonly [capability: Capability, value: boolean | number])[];
}

export const largestPageSize = 50;

export function capabilityPolicy(registry: KindRegistry): CapabilityPolicy {
  const features = [
    'batch',
    ...shortListNames(registry),
    ...browseFields.map(({ withheldField }) => withheldField),
  ];
  const rootLists = browseFields.filter(({ on404 }) => on404 === undefined);
  const ownerlessFeatures = rootLists.map(({ withheldField }) => withheldField);
  const endpoints = pagedEndpoints(registry);
  const kinds = Object.values(registry);
  const fields = kinds.flatMap(({ withheldFields }) => withheldFields);
  const extended: Record<Capability, boolean | number> = {
    // Not the other features: only apps from before November 2024 have all of them.
    ...Object.fromEntries(['batch', ...fields].map((capability) => [capability, true])),
    ...Object.fromEntries(endpoints.map(({ name }) => [name, largestPageSize])),
  };
  const development: Record<Capability, boolean | number> = {
    ...Object.fromEntries([...features, ...fields].map((capability) => [capability, false])),
    ...Object.fromEntries(endpoints.map(({ name, developmentPageSize }) => [name, developmentPageSize])),
  };
  return {
    features,
    // Single reads take the place of batches.
    conclusiveFeatures: ['batch', ...ownerlessFeatures],
    ownerlessFeatures,
    withheldFields: Object.fromEntries(kinds.map(({ name, withheldFields }) => [name, withheldFields])),
    endpoints,
    modes: { auto: {}, extended, development },
    developmentOnly: Object.entries(development).filter(
      ([capability, value]) => Object.hasOwn(extended, capability) && extended[capability] !== value,
    ),
  };
}

/** The page sizes that Spotify may accept, the largest first. */
export const pageSizesOf = ({ endpoints }: CapabilityPolicy, endpoint: string): readonly number[] =>
  endpoints.find(({ name }) => name === endpoint)?.pageSizes ?? [];

/** The name that endpoints with the same page size limit share; another capability has its own. */
export const limitGroupOf = ({ endpoints }: CapabilityPolicy, capability: Capability): string =>
  endpoints.find(({ name }) => name === capability)?.limitGroup ?? capability;

/** The other endpoints that have the same page size limit. */
export const endpointsWithSameLimit = (policy: CapabilityPolicy, endpoint: string): string[] =>
  policy.endpoints
    .map(({ name }) => name)
    .filter((name) => name !== endpoint && limitGroupOf(policy, name) === limitGroupOf(policy, endpoint));

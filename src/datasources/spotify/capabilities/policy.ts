import { browseFields, pagedEndpoints, unpagedListNames } from '../kinds/index.ts';
import type { KindRegistry } from '../kinds/kind.ts';

/** The two quota modes of Spotify's apps and their capabilities. The capabilities of each mode are listed here alone. */

export type QuotaMode = 'auto' | 'development' | 'extended';
/** The name of a paged endpoint, of a feature or of a withheld field. */
export type Capability = string;

export type CapabilityPolicy = ReturnType<typeof capabilityPolicy>;
type Values = Readonly<Record<Capability, boolean | number>>;

export const largestPageSize = 50;

/** The endpoints, fields and page sizes that Spotify may withhold or limit, by kind of object. */
export function capabilityPolicy(registry: KindRegistry) {
  const features = [
    'batch',
    ...unpagedListNames(registry),
    ...browseFields.map(({ withheldField }) => withheldField),
  ];
  const rootLists = browseFields.filter(({ on404 }) => on404 === undefined);
  const ownerlessFeatures = rootLists.map(({ withheldField }) => withheldField);
  const endpoints = pagedEndpoints(registry);
  const kinds = Object.values(registry);
  const lists = kinds.flatMap(({ pagedLists }) => pagedLists);
  const fields = kinds.flatMap(({ withheldFields }) => withheldFields);
  const extended: Values = {
    // Not the other features: only apps from before November 2024 have all of them.
    ...Object.fromEntries(['batch', ...fields].map((capability) => [capability, true])),
    ...Object.fromEntries(endpoints.map(({ name }) => [name, largestPageSize])),
  };
  const development: Values = {
    ...Object.fromEntries([...features, ...fields].map((capability) => [capability, false])),
    ...Object.fromEntries(endpoints.map(({ name, developmentPageSize }) => [name, developmentPageSize])),
  };
  const modes: Readonly<Record<QuotaMode, Values>> = { auto: {}, extended, development };
  return {
    /** `batch` is the reading of many objects by their ids; the others are endpoints, and fields that read endpoints. */
    features,
    /** Features of which one explicit rejection is proof: single reads replace batches, and the others have no other object. */
    conclusiveFeatures: ['batch', ...ownerlessFeatures],
    /** The fields and endpoints of lists that have no owner, such as new releases: there is no other object to try. */
    ownerlessCapabilities: [...ownerlessFeatures, ...rootLists.map(({ name }) => name)],
    /** Lists that Spotify may withhold for one owner and send for another. */
    perOwnerFeatures: lists.flatMap(({ withheldField, isWithheldPerOwner }) =>
      isWithheldPerOwner && withheldField ? [withheldField] : [],
    ),
    /** Fields that Spotify leaves out of full objects for apps in development mode, by the kind. */
    withheldFields: Object.fromEntries(kinds.map(({ name, withheldFields }) => [name, withheldFields])),
    endpoints,
    /** The capabilities of the kinds of app that Spotify documents since February 2026. */
    modes,
    /** The values that only apps in development mode have. */
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

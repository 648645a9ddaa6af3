export type { CapabilityView } from './capabilities/capabilities.ts';
export {
  createSpotify,
  type Spotify,
  type SpotifyReport,
  type UnreadyReason,
} from './client.ts';
export type { ListOwner, OwnerKey } from './entity-lists.ts';
export { isCategoryId } from './kinds/category.ts';
export { isMalformed, type Malformed } from './kinds/decoding/json.ts';
export type {
  Copyright,
  Decoded,
  ExternalIds,
  Followers,
  Image,
  ReleaseDate,
  Restrictions,
} from './kinds/decoding/values.ts';
export * from './kinds/index.ts';
export type { Entity, PagedListDefinition } from './kinds/kind.ts';
export { fallbackMarket, isMarket, type Market, parseMarket } from './kinds/markets.ts';
export type { PagedList } from './kinds/requests/lists.ts';
export { isInRange, type SpotifyId } from './kinds/spotify-id.ts';
export type { SpotifyHost, SpotifyOptions } from './options.ts';
export type { Slot, Window } from './pagination/cut-window.ts';
export { worstCaseOffsets } from './pagination/pages.ts';
export type { CursorPosition, WindowArgs } from './pagination/slots.ts';
export { type LimitSource, minDailyLimit } from './quota/daily/daily-limits.ts';
export type { FamilyQuota } from './quota/daily/quota-state.ts';
export { freshnessFactor } from './quota/daily/thrift.ts';
export type { FamilyReport } from './quota/request-queue.ts';
export {
  type ConnectFailure,
  createRawClient,
  type RawCall,
  type RawClient,
  type RawResponse,
} from './raw-client.ts';
export { correctionOf, dashboardUrl } from './transport/token-response.ts';
export {
  createOperationContext,
  type FieldContext,
  type OperationContext,
  recordFreshness,
  recordUnavailable,
  type UpstreamCallRecord,
  type Usage,
} from './usage/field-context.ts';
export { combineObservers, type Family, type Observer } from './usage/observer.ts';

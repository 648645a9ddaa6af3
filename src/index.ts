export { type Config, ConfigError, readConfig } from './config.ts';
export type {
  FamilyQuota,
  FamilyReport,
  Observer,
  SpotifyOptions,
  SpotifyReport,
} from './datasources/spotify/index.ts';
export * from './errors.ts';
export { createGateway, type Gateway } from './gateway.ts';
export type { GatewayOptions } from './gateway-options.ts';
export type { GatewayYoga } from './http/yoga.ts';
export type { Log } from './observability/log.ts';
export type { Metrics } from './observability/metrics.ts';
export type { Execute } from './operation/in-process.ts';
export type { Manifest } from './operation/trusted-documents.ts';
export { schema } from './schema/index.ts';

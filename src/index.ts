export { type Config, ConfigError, readConfig } from './config.ts';
export * from './errors.ts';
export { createGateway, type Gateway, type GatewayOptions } from './gateway.ts';
export type { Log } from './observability/log.ts';
export type { Execute } from './operation/request.ts';
export { schema } from './schema/index.ts';

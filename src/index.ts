export { type Config, ConfigError, readConfig } from './config.ts';
export * from './errors.ts';
export { createGateway, type Gateway } from './gateway.ts';
export type { GatewayOptions } from './gateway-options.ts';
export type { Log } from './observability/log.ts';
export type { Execute } from './operation/in-process.ts';
export { schema } from './schema/index.ts';

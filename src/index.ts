export { type Config, ConfigError, readConfig } from './config.ts';
export * from './errors.ts';
export type { Execute } from './execute.ts';
export { createGateway, type Gateway, type GatewayOptions } from './gateway.ts';
export type { Log } from './log.ts';
export { schema } from './schema/index.ts';

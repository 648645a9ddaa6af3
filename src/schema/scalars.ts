import type { ArgBuilder } from '@pothos/core';
import { GraphQLError } from 'graphql';
import { type Market, parseMarket } from '../datasources/spotify/index.ts';
import { builder } from './builder.ts';

builder.scalarType('Market', {
  description: 'An ISO 3166-1 alpha-2 country code in capitals, such as `DE`.',
  specifiedByURL: 'https://www.iso.org/iso-3166-country-codes.html',
  serialize: String,
  // The resolver of the field checks whether it is a country: then that field alone is null.
  parseValue(value) {
    if (typeof value === 'string') return value;
    throw new GraphQLError('A market is a string.');
  },
});

/** The argument of every field whose answer depends on the market. */
export const marketArg = ({ arg }: { arg: ArgBuilder<(typeof builder)['$inferSchemaTypes']> }) =>
  arg({
    type: 'Market',
    description: 'Whose catalogue counts. Left out: the market of the field above, else the configured one.',
  });

/** @throws BadUserInput when it is no market */
export const namedMarket = ({ market }: { market?: string | null | undefined }): Market | null =>
  market === null || market === undefined ? null : parseMarket(market);

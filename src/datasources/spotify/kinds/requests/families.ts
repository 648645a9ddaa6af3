import type { Family } from '../../usage/observer.ts';
import { kinds, pagedEndpoints, shortListNames } from '../index.ts';
import type { KindRegistry } from '../kind.ts';

/** The endpoint families of all kinds. */
export const familiesOf = (registry: KindRegistry): Family[] => [
  ...Object.values(registry).map(({ plural }) => plural),
  ...pagedEndpoints(registry).map(({ name }) => name),
  ...shortListNames(registry),
];

export const families: readonly Family[] = familiesOf(kinds);

/** The calls in 24 h after which apps in development mode were seen to be rejected. */
export const presumedDailyLimits: ReadonlyMap<Family, number> = new Map(
  pagedEndpoints(kinds).flatMap(({ name, presumedDailyLimit }) =>
    presumedDailyLimit === undefined ? [] : [[name, presumedDailyLimit] as const],
  ),
);

import { QueryTooComplex } from '../errors.ts';
import type { Plan } from '../schema/planning/plan.ts';

/** The errors of operations that would cost too much, with the limit and the value that exceeds it. */

export function tooManyCalls(limit: number, { calls: actual, costliestField }: Plan): QueryTooComplex {
  const most = costliestField && `, ${costliestField.calls} of them for ${costliestField.name}`;
  return new QueryTooComplex(
    `This operation may need ${actual} Spotify calls${most ?? ''}; ${limit} are allowed. Request smaller pages or fewer fields.`,
    { limit, actual },
  );
}

export function tooManyFields(limit: number, fields: number): QueryTooComplex {
  const actual = Math.min(fields, Number.MAX_SAFE_INTEGER);
  return new QueryTooComplex(
    `The response may have ${actual} fields; ${limit} are allowed. Request smaller pages or fewer fields.`,
    { limit, actual },
  );
}

export const tooLarge = (limit: number, actual: number) =>
  new QueryTooComplex(
    `The response has more than ${limit} bytes, which is the maximum. Request smaller pages or fewer fields.`,
    { limit, actual },
  );

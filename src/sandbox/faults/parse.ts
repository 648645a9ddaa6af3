import * as z from 'zod';
import { toDotPath } from 'zod/v4/core';
import { faultRoutes } from '../api/routes.ts';
import { isMarket } from '../catalogue/markets.ts';
import { quotaModes } from '../quota-mode.ts';
import type { FaultRule } from './rule.ts';

const optional = z.exactOptional;
const mustBe = (description: string) => ({ error: `must be ${description}` });
const oneOf = <const Value extends string | number>(values: readonly Value[]) =>
  z.literal(values, mustBe(`one of ${values.join(', ')}`));

const text = z.string(mustBe('a text'));
const flag = z.boolean(mustBe('true or false'));
const notNegative = mustBe('a number that is not negative');
const number = z.number(notNegative).min(0, notNegative);
const numbers = z.array(z.number(mustBe('a number')), mustBe('a list of numbers'));
const fromZero = mustBe('a whole number from 0');
const countFromZero = z.int(fromZero).min(0, fromZero);
const fromOne = mustBe('a whole number from 1');
const count = z.int(fromOne).min(1, fromOne);
const maxTimerMs = 2 ** 31 - 1; // Node uses 1 ms in place of a longer time
const milliseconds = number.max(maxTimerMs, mustBe(`at most ${maxTimerMs}, the longest time of a timer`));
const fromZeroToOne = mustBe('a number from 0 to 1');
const share = z.number(fromZeroToOne).min(0, fromZeroToOne).max(1, fromZeroToOne);
const finalStatus = mustBe('a status from 200 to 599'); // a lower one is not that of a final response
const status = z.int(finalStatus).min(200, finalStatus).max(599, finalStatus);

// Node's server throws for other names and values of headers.
const headerName = z.string().regex(/^[\w!#$%&'*+.^`|~-]+$/);
const printable = mustBe('a text that a header can have');
const headerValue = z.string(printable).regex(/^[\t\x20-\x7e\x80-\xff]*$/, printable);
const headers = z.record(headerName, headerValue.nullable(), {
  error: ({ code }) =>
    `must be ${code === 'invalid_key' ? 'a valid name of a header' : 'an object of headers'}`,
});

const form = oneOf(['text', 'json', 'quota']);
const edit = z.strictObject(
  {
    path: text,
    set: optional(z.unknown()),
    remove: optional(z.literal(true, mustBe('true'))),
    rename: optional(text),
  },
  mustBe('an object'),
);

const fault = <const Kind extends string, Fields extends z.ZodRawShape>(kind: Kind, fields: Fields) =>
  z.strictObject({ kind: z.literal(kind), ...fields });

/** The faults as JSON. */
export const faultSchemas = [
  fault('ceiling', { limit: number, clamp: optional(flag) }),
  fault('listing', {
    inserted: optional(number),
    removed: optional(number),
    extraTotal: optional(number),
  }),
  fault('endpoints', { of: oneOf(quotaModes) }),
  fault('implied-market', { market: text.refine(isMarket, mustBe('a market, such as DE')) }),
  fault('budget', {
    calls: number,
    windowSeconds: number,
    per: optional(oneOf(['app', 'family'])),
    form: optional(form),
    countRefused: optional(flag),
  }),
  fault('rate-limit', { form: optional(form), retryAfterSeconds: optional(number) }),
  fault('answer', {
    status: optional(status),
    headers: optional(headers),
    json: optional(z.unknown()),
    text: optional(text),
  }),
  fault('redirect', { to: headerValue, status: optional(status) }),
  fault('unauthorized', { reason: oneOf(['expired', 'invalid', 'user']) }),
  fault('premium-lapsed', { form: optional(oneOf(['text', 'json'])) }),
  fault('withdrawn', { status: optional(oneOf([403, 404, 410])) }),
  fault('total', { to: optional(number), add: optional(numbers) }),
  fault('edit', { edits: z.array(edit, mustBe('a list')) }),
  fault('batch', {
    reverse: optional(flag),
    keep: optional(number),
    nulls: optional(numbers),
    repeats: optional(numbers),
  }),
  fault('delay', { ms: milliseconds }),
  fault('stall', { afterBytes: optional(number) }),
  fault('drip', { bytes: number, everyMs: milliseconds }),
  fault('reset', { afterBytes: optional(number) }),
  fault('truncate', { afterBytes: number }),
  fault('oversize', { megabytes: number, gzip: optional(flag) }),
] as const;

const kinds = faultSchemas.map(({ shape }) => shape.kind.value);
const faults = z.discriminatedUnion('kind', faultSchemas, {
  error: ({ code }) => `must be ${code === 'invalid_union' ? `one of ${kinds.join(', ')}` : 'an object'}`,
});

// A route that does not exist would make a rule without effect.
const unknownRoute = (routes: unknown) => [routes].flat().find((name) => !faultRoutes.includes(String(name)));
const routes = z
  .union([text, z.array(text)], mustBe('a text or a list of texts'))
  .refine((names) => unknownRoute(names) === undefined, {
    error: ({ input }) =>
      `cannot be ${JSON.stringify(unknownRoute(input))}; the routes are ${faultRoutes.join(', ')}`,
  });
const target = z.strictObject(
  {
    route: optional(routes),
    path: optional(text),
    pattern: optional(text.refine(isRegularExpression, mustBe('a regular expression'))),
    batch: optional(flag),
  },
  mustBe('an object'),
);

const ruleSchema: z.ZodType<FaultRule> = z.strictObject(
  {
    on: optional(target),
    skip: optional(countFromZero),
    every: optional(count),
    times: optional(countFromZero),
    forMs: optional(number),
    chance: optional(share),
    seed: optional(text),
    fault: faults,
  },
  mustBe('an object'),
);

/** The JSON is not a valid list of fault rules; the message states the reason. */
export class InvalidFaults extends Error {
  override name = 'InvalidFaults';
}

/**
 * Reads one fault rule or a list of them from JSON.
 * @throws InvalidFaults if a name, a type or a value is not valid
 */
export function parseFaults(json: string): FaultRule[] {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    throw new InvalidFaults('faults are not valid JSON');
  }
  return [value].flat().map(parseRule);
}

function parseRule(value: unknown): FaultRule {
  const { success, data, error } = ruleSchema.safeParse(value);
  if (success) return data;
  const [issue] = error.issues as [z.core.$ZodIssue];
  const reason =
    issue.code === 'unrecognized_keys' ? `has no field ${JSON.stringify(issue.keys[0])}` : issue.message;
  throw new InvalidFaults(`${toDotPath(['rule', ...issue.path])} ${reason}`);
}

function isRegularExpression(pattern: string): boolean {
  try {
    return Boolean(new RegExp(pattern));
  } catch {
    return false;
  }
}

import { faultRoutes } from '../api/routes.ts';
import { quotaModes } from '../quota-mode.ts';
import type { FaultKind, FaultRule } from './rule.ts';

type FieldType =
  | 'text'
  | 'texts'
  | 'number'
  | 'share'
  | 'numbers'
  | 'count'
  | 'status'
  | 'switch'
  | 'list'
  | 'headers'
  | 'headerValue'
  | 'object'
  | 'anything';
type Fields = Readonly<Record<string, FieldType>>;

const ruleFields: Fields = {
  on: 'object',
  skip: 'number',
  every: 'count',
  times: 'number',
  forMs: 'number',
  chance: 'share',
  seed: 'text',
  'fault!': 'object',
};
const targetFields: Fields = { route: 'texts', path: 'text', pattern: 'text', batch: 'switch' };

/** The fields of each kind; a field with `!` is required. */
export const faultFields: Record<FaultKind, Fields> = {
  ceiling: { 'limit!': 'number', clamp: 'switch' },
  listing: { inserted: 'number', removed: 'number', extraTotal: 'number' },
  endpoints: { 'of!': 'text' },
  'implied-market': { 'market!': 'text' },
  budget: {
    'calls!': 'number',
    'windowSeconds!': 'number',
    per: 'text',
    form: 'text',
    countRefused: 'switch',
  },
  'rate-limit': { form: 'text', retryAfterSeconds: 'number' },
  answer: { status: 'status', headers: 'headers', json: 'anything', text: 'text' },
  redirect: { 'to!': 'headerValue', status: 'status' },
  unauthorized: { 'reason!': 'text' },
  'premium-lapsed': { form: 'text' },
  withdrawn: { status: 'number' },
  total: { to: 'number', add: 'numbers' },
  edit: { 'edits!': 'list' },
  batch: { reverse: 'switch', keep: 'number', nulls: 'list', repeats: 'list' },
  delay: { 'ms!': 'number' },
  stall: { afterBytes: 'number' },
  drip: { 'bytes!': 'number', 'everyMs!': 'number' },
  reset: { afterBytes: 'number' },
  truncate: { 'afterBytes!': 'number' },
  oversize: { 'megabytes!': 'number', gzip: 'switch' },
};

const editFields: Fields = { 'path!': 'text', set: 'anything', remove: 'switch', rename: 'text' };

/** The values that a field accepts, if it does not accept all of its type. */
const choices: Readonly<Record<string, readonly unknown[]>> = {
  'endpoints.of': quotaModes,
  'budget.per': ['app', 'family'],
  'budget.form': ['text', 'json', 'quota'],
  'rate-limit.form': ['text', 'json', 'quota'],
  'premium-lapsed.form': ['text', 'json'],
  'unauthorized.reason': ['expired', 'invalid', 'user'],
  'withdrawn.status': [403, 404, 410],
};

// Node's server throws for other names and values.
const headerName = /^[\w!#$%&'*+.^`|~-]+$/;
const headerValue = /^[\t\x20-\x7e\x80-\xff]*$/;

const isOf: Record<FieldType, (value: unknown) => boolean> = {
  text: isText,
  texts: (value) => [value].flat().every(isText),
  number: (value) => typeof value === 'number' && value >= 0,
  share: (value) => typeof value === 'number' && value >= 0 && value <= 1,
  numbers: (value) => Array.isArray(value) && value.every((entry) => typeof entry === 'number'),
  count: (value) => Number.isInteger(value) && Number(value) >= 1,
  // A status below 200 is not a final response.
  status: (value) => Number.isInteger(value) && Number(value) >= 200 && Number(value) <= 599,
  switch: (value) => typeof value === 'boolean',
  list: Array.isArray,
  headers: (value) =>
    isObject(value) &&
    Object.entries(value).every(([name, text]) => headerName.test(name) && isHeaderValue(String(text))),
  headerValue: isHeaderValue,
  object: isObject,
  anything: (value) => value !== undefined,
};

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
  const rule = checked('rule', value, ruleFields);
  const { on, fault } = rule;
  if (on !== undefined) {
    const { pattern, route = [] } = checked('on', on, targetFields);
    if (typeof pattern === 'string') checkPattern(pattern);
    checkRoutes([route].flat());
  }
  const { kind } = isObject(fault) ? fault : {};
  if (!isKind(kind)) throw new InvalidFaults(`unknown fault kind ${JSON.stringify(kind)}`);
  const { edits } = checked(kind, fault, { kind: 'text', ...faultFields[kind] });
  if (Array.isArray(edits)) for (const edit of edits) checked('edit', edit, editFields);
  return rule as unknown as FaultRule; // every field was checked above
}

function checked(objectName: string, value: unknown, fields: Fields): Record<string, unknown> {
  if (!isObject(value)) throw new InvalidFaults(`${objectName} must be an object`);
  for (const [field, type] of Object.entries(fields)) {
    const name = field.replace('!', '');
    const fieldValue = value[name];
    if (fieldValue === undefined && !field.endsWith('!')) continue;
    if (!isOf[type](fieldValue)) throw new InvalidFaults(`${objectName}.${name} must be ${wording[type]}`);
    const allowedValues = choices[`${objectName}.${name}`];
    if (allowedValues && !allowedValues.includes(fieldValue)) {
      throw new InvalidFaults(`${objectName}.${name} must be one of ${allowedValues.join(', ')}`);
    }
  }
  const unknownField = Object.keys(value).find((name) => !(name in fields) && !(`${name}!` in fields));
  if (unknownField !== undefined)
    throw new InvalidFaults(`${objectName} has no field ${JSON.stringify(unknownField)}`);
  return value;
}

const wording: Record<FieldType, string> = {
  text: 'a text',
  texts: 'a text or a list of texts',
  number: 'a number that is not negative',
  share: 'a number from 0 to 1',
  numbers: 'a list of numbers',
  count: 'a whole number from 1',
  status: 'a status from 200 to 599',
  switch: 'true or false',
  list: 'a list',
  headers: 'an object of valid header names with texts that a header can have',
  headerValue: 'a text that a header can have',
  object: 'an object',
  anything: 'set',
};

function checkPattern(pattern: string): void {
  try {
    new RegExp(pattern);
  } catch {
    throw new InvalidFaults('on.pattern is not a regular expression');
  }
}

/** A route that does not exist would make a rule without effect. */
function checkRoutes(routes: readonly unknown[]): void {
  const unknownRoute = routes.find((route) => !faultRoutes.some((faultRoute) => faultRoute === route));
  if (unknownRoute === undefined) return;
  throw new InvalidFaults(
    `on.route: there is no route ${JSON.stringify(unknownRoute)}; the routes are ${faultRoutes.join(', ')}`,
  );
}

const isKind = (kind: unknown): kind is FaultKind =>
  typeof kind === 'string' && Object.hasOwn(faultFields, kind);

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isHeaderValue(value: unknown): value is string {
  return isText(value) && headerValue.test(value);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

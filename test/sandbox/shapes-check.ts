import type { QuotaMode } from '../../src/sandbox/index.ts';

/** The part of `shapes-dev-2026.json` that tests read; the file explains its notation. */
export interface ShapesFile {
  kinds: Record<string, Partial<Record<QuotaMode, { keys: Record<string, string> }>>>;
  page: {
    orders: Record<string, readonly string[]>;
    at: Record<string, Partial<Record<QuotaMode, { order: string }>>>;
  };
}

interface ShapeCheck {
  /** Every difference between an object and the recorded objects of its kind; `ordered` compares the key order, too. */
  kind(name: string, object: unknown, options?: { ordered?: boolean }): string[];
  /** Every difference between a page and the recorded page. */
  page(name: string, page: unknown): string[];
}

const pageKeyOrder = 'items last'; // for pages without a recording: the order of all newer recordings

/** Creates the comparison of objects with the key lists of one mode. */
export function createShapeCheck({ kinds, page }: ShapesFile, mode: QuotaMode): ShapeCheck {
  const matches = (type: string, value: unknown): boolean =>
    alternatives(type).some((alternative) => matchesOne(alternative, value));

  const matchesOne = (type: string, value: unknown): boolean => {
    if (type === '[]') return Array.isArray(value) && value.length === 0;
    if (type.startsWith('[')) {
      const entry = type.slice(1, -1);
      return Array.isArray(value) && value.every((item) => matches(entry, item));
    }
    if (type.startsWith('{')) return matchesObject(type, value);
    if (type === '<image>')
      return matchesObject('{url: string, height: integer|null, width: integer|null}', value);
    if (type === '<page>') return isObject(value); // pages are compared separately
    if (type.startsWith('<')) return kind(type.slice(1, -1), value, { ordered: false }).length === 0;
    if (type === 'integer') return Number.isInteger(value);
    if (type === 'null') return value === null;
    return typeof value === type;
  };

  const matchesObject = (type: string, value: unknown): boolean => {
    if (!isObject(value)) return false;
    const keys = Object.fromEntries(
      type
        .slice(1, -1)
        .split(', ')
        .map((entry) => entry.split(': ') as [string, string]),
    );
    const sameKeys = String(Object.keys(value).sort()) === String(Object.keys(keys).sort());
    return sameKeys && Object.entries(keys).every(([key, entry]) => matches(entry, value[key]));
  };

  const kind: ShapeCheck['kind'] = (name, object, { ordered = true } = {}) => {
    const keys = kinds[name]?.[mode]?.keys;
    if (!keys) return [`${name} was not recorded in ${mode} mode`];
    if (!isObject(object)) return [`${name} is not an object`];
    const inOrder = (names: readonly string[]) => (ordered ? names : names.toSorted()).join(', ');
    const [ours, theirs] = [inOrder(Object.keys(object)), inOrder(Object.keys(keys))];
    if (ours !== theirs) return [`${name} has ${ours}; recorded: ${theirs}`];
    return Object.entries(keys)
      .filter(([key, type]) => !matches(type, object[key]))
      .map(([key, type]) => `${name}.${key} is ${JSON.stringify(object[key])}, not ${type}`);
  };

  return {
    kind,
    page: (name, value) => {
      const order = page.orders[page.at[name]?.[mode]?.order ?? pageKeyOrder] ?? [];
      const ours = Object.keys(value as object).join(', ');
      return ours === order.join(', ') ? [] : [`${name} has ${ours}; recorded: ${order.join(', ')}`];
    },
  };
}

/** The alternatives of `string|null`; a bar inside brackets does not count. */
function alternatives(type: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let at = 0; at < type.length; at++) {
    if ('[{'.includes(type.charAt(at))) depth += 1;
    if (']}'.includes(type.charAt(at))) depth -= 1;
    if (type[at] === '|' && depth === 0) {
      parts.push(type.slice(start, at));
      start = at + 1;
    }
  }
  return [...parts, type.slice(start)];
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

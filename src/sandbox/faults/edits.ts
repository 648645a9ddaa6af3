import type { Reply } from '../reply.ts';
import type { Edit, FaultOf } from './rule.ts';

type Container = Record<string, unknown>;

/** Changes the JSON of a reply. A reply that is not JSON, or lacks the path, stays unchanged. */
export function edited(reply: Reply, edits: readonly Edit[]): Reply {
  return rewritten(reply, (value) => {
    for (const edit of edits) applyEdit(value, edit);
    return value;
  });
}

/** Damages the list of a batch response, `{ "albums": [ … ] }`. */
export function misbatched(reply: Reply, fault: FaultOf<'batch'>): Reply {
  return rewritten(reply, (value) => {
    if (!isContainer(value)) return value;
    const lists = Object.entries(value).map(([name, list]) => [
      name,
      Array.isArray(list) ? spoiled(list, fault) : list,
    ]);
    return Object.fromEntries(lists);
  });
}

/** Changes the total of every page of a reply: the reply itself, or the pages under its keys. */
export function withTotals(reply: Reply, change: (total: number) => number): Reply {
  return rewritten(reply, (value) => {
    for (const page of [value, ...(isContainer(value) ? Object.values(value) : [])]) {
      if (isContainer(page) && Array.isArray(page['items']) && typeof page['total'] === 'number') {
        page['total'] = change(page['total']);
      }
    }
    return value;
  });
}

function spoiled(list: unknown[], { reverse, keep, nulls = [], repeats = [] }: FaultOf<'batch'>): unknown[] {
  const orderedEntries = (reverse ? list.toReversed() : list).slice(0, keep);
  return orderedEntries.map((entry, place) => {
    if (nulls.includes(place)) return null;
    return repeats.includes(place) ? orderedEntries[place - 1] : entry;
  });
}

function rewritten(reply: Reply, change: (value: unknown) => unknown): Reply {
  if (reply.status !== 200) return reply;
  let value: unknown;
  try {
    value = JSON.parse(reply.body.toString());
  } catch {
    return reply;
  }
  // Another body with the old ETag would be a second fault.
  const { etag: _, ...headers } = reply.headers;
  return { ...reply, headers, body: Buffer.from(JSON.stringify(change(value))) };
}

function applyEdit(root: unknown, { path, set, remove, rename }: Edit): void {
  const keys = path.split('.');
  const lastKey = keys.pop() ?? '';
  let holder = root;
  for (const key of keys) holder = isContainer(holder) ? holder[key] : undefined;
  if (!isContainer(holder)) return;

  if (remove) delete holder[lastKey];
  else if (rename !== undefined) {
    define(holder, rename, holder[lastKey]);
    delete holder[lastKey];
  } else define(holder, lastKey, set);
}

/** An assignment to `__proto__` would change the object's prototype; this creates an ordinary key. */
function define(holder: Container, key: string, value: unknown): void {
  Object.defineProperty(holder, key, { value, configurable: true, enumerable: true, writable: true });
}

const isContainer = (value: unknown): value is Container => typeof value === 'object' && value !== null;

import type { FieldNode, GraphQLSchema } from 'graphql';
import type { Family } from '../../datasources/spotify/index.ts';
import { createArguments, createReferences } from './argument-values.ts';
import { add, type Count, sum } from './count.ts';
import { type CountOptions, countCalls } from './count-calls.ts';
import { createEntityReads } from './entity-costs.ts';
import { responseFieldsOf } from './response-fields.ts';
import type { SelectionTree } from './selection-tree.ts';

/** The cost of an operation, counted before it runs. */
export interface Plan {
  /** Spotify calls at worst, whatever is cached. */
  calls: number;
  /** Additional calls that learn a capability of the app: once a day, for the first operation that needs it. */
  probeCalls: number;
  /** `calls` and `probeCalls` by endpoint family. */
  families: readonly { family: Family; calls: number }[];
  /** The entities that are not read, because reading all would need too many calls; null if all are read. */
  rejectedEntities: RejectedEntities | null;
  /** The field with the most calls; null unless the calls are more than one operation may need. */
  costliestField: { name: string; calls: number } | null;
  /** Fields of the response: each field of each object counts. */
  responseFields: number;
  /** The selections that were counted. */
  selectionTree: SelectionTree;
}

export interface RejectedEntities {
  /** The indexes of their representations, by the first nodes of their fields. */
  indexes: ReadonlyMap<FieldNode | undefined, ReadonlySet<number>>;
  /** The maximum calls of an operation, and the calls for all entities. */
  limit: number;
  actual: number;
}

export interface PlanOptions extends CountOptions {
  /** Maximum calls of one operation: as many of the entities as can be read with them are read. */
  maxCalls: number;
}

/**
 * Counts the Spotify calls that an operation may cost, and the fields of its response.
 * @param variables the coerced variables
 * @throws QueryTooComplex when there is too much to count
 */
export function planOf(
  selectionTree: SelectionTree,
  variables: Readonly<Record<string, unknown>>,
  options: PlanOptions,
  schema: GraphQLSchema,
): Plan {
  const argumentsOf = createArguments(variables);
  const referencesOf = createReferences();
  const entityReadsOf = createEntityReads(options.spotify, referencesOf);
  const shared = { argumentsOf, referencesOf, entityReadsOf };
  const countWith = (maxEntities: number) => countCalls(selectionTree, shared, options, maxEntities);
  const fullCount = countWith(Number.POSITIVE_INFINITY);
  const actual = sum(fullCount.calls.values());
  const isTooMuch = actual > options.maxCalls && fullCount.uncachedEntities > 0;
  const count = isTooMuch
    ? withMostEntities(countWith, fullCount.uncachedEntities, options.maxCalls)
    : fullCount;
  const { calls, probeCalls } = count;
  const total = sum(calls.values());
  for (const family of probeCalls.values()) add(calls, family, 1);
  return {
    calls: total,
    probeCalls: probeCalls.size,
    families: Array.from(calls, ([family, calls]) => ({ family, calls })).filter(({ calls }) => calls > 0),
    rejectedEntities: isTooMuch ? { indexes: count.rejectedIndexes, limit: options.maxCalls, actual } : null,
    costliestField: total > options.maxCalls ? costliestOf(count) : null,
    responseFields: responseFieldsOf(selectionTree, argumentsOf, schema),
    selectionTree,
  };
}

function costliestOf({ callsOfFields }: Count): Plan['costliestField'] {
  const fields = Array.from(callsOfFields, ([name, calls]) => ({ name, calls }));
  const [costliest] = fields.toSorted((one, other) => other.calls - one.calls);
  return costliest && costliest.calls > 0 ? costliest : null;
}

/** The count with the most entities whose calls are within the limit; the count without any if there is none. */
function withMostEntities(
  countWith: (maxEntities: number) => Count,
  uncached: number,
  maxCalls: number,
): Count {
  let [fitting, tooMany] = [0, uncached];
  let best = countWith(fitting);
  while (tooMany - fitting > 1) {
    const middle = Math.floor((fitting + tooMany) / 2);
    const count = countWith(middle);
    if (sum(count.calls.values()) > maxCalls) tooMany = middle;
    else [fitting, best] = [middle, count];
  }
  return best;
}

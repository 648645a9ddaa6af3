import { type GraphQLResolveInfo, type GraphQLSchema, getNamedType, isIntrospectionType } from 'graphql';
import { QueryTooComplex } from '../../errors.ts';
import { getOrCreate } from '../../maps.ts';
import { maxIds } from '../argument-limits.ts';
import type { ArgumentsOf } from './argument-values.ts';
import { canCost, unknownLength } from './cost.ts';
import { windowSizeOf } from './list-pages.ts';
import { type FieldSelection, isList, type SelectionTree, type TypeSelection } from './selection-tree.ts';

/**
 * The fields of a response, counted before the operation runs: each field of each object is one, and a field that takes
 * longer than a plain value counts as more. A selection that occurs in several places is counted once and multiplied, so that
 * the time of the count does not depend on its result.
 */

// Other work, as the number of plain values that take as long (Node 20, test/contract/hostile-documents.test.ts):
// 100,000 of any of them block the event loop for less than 250 ms.
const objectFields = 2;
const lookupFields = 30; // an object that is read by its id, which may fail
const deferredFields = 8; // a field that may have to wait for another object

// Introspection is counted by the schema itself: one type selected in one way is one step, and GraphiQL's own
// operation takes some 3,000.
const maxSteps = 10_000;

/** @throws QueryTooComplex if there is too much introspection to count */
export function responseFieldsOf(
  selectionTree: SelectionTree,
  argumentsOf: ArgumentsOf,
  schema: GraphQLSchema,
): number {
  const countedByPageSize = new Map<number, Map<TypeSelection, number>>();
  let countIntrospection: ReturnType<typeof createIntrospectionCount> | undefined;

  /** @param pageSize of the connection whose fields these are; else 0 */
  function countType(level: TypeSelection, pageSize: number): number {
    const counted = getOrCreate(countedByPageSize, pageSize, () => new Map());
    return getOrCreate(counted, level, () =>
      level.branches.reduce((fields, branch) => fields + countField(branch, pageSize), level.values),
    );
  }

  function countField(selection: FieldSelection, pageSize: number): number {
    const { field, below } = selection;
    const args = argumentsOf(selection);
    if (!args) return 1;
    const namedType = getNamedType(field.type);
    if (isIntrospectionType(namedType)) {
      countIntrospection ??= createIntrospectionCount(schema, argumentsOf);
      return countIntrospection(selection);
    }
    const fieldsOfItself = canCost(field) ? deferredFields : 1;
    if (below.length === 0) return fieldsOfItself + moreFieldsOf(selection);
    const ownPageSize = namedType.extensions['isConnectionPart'] ? windowSizeOf(args) : 0;
    const fieldsPerObject = objectFields + Math.max(...below.map((level) => countType(level, ownPageSize)));
    const keys = keysOf(args);
    const fieldsBelow =
      keys === null
        ? fieldsPerObject * objectCountOf(selection, pageSize)
        : keys * (lookupFields + fieldsPerObject);
    return fieldsOfItself + fieldsBelow;
  }

  return countType(selectionTree.root, 0);
}

/** Counts the fields of introspection in the schema itself, each part once for each selection of it. */
function createIntrospectionCount(schema: GraphQLSchema, argumentsOf: ArgumentsOf) {
  const counted = new Map<TypeSelection, Map<unknown, number>>();
  // The resolvers of introspection read only the schema.
  const info = { schema } as unknown as GraphQLResolveInfo;
  let steps = 0;

  function step(): void {
    steps += 1;
    if (steps > maxSteps) throw tooMuchIntrospection(steps);
  }

  /** @param parent a part of the schema */
  function countType(level: TypeSelection, parent: unknown): number {
    const byParent = getOrCreate(counted, level, () => new Map());
    return getOrCreate(byParent, parent, () => {
      step();
      return level.branches.reduce((fields, branch) => fields + countField(branch, parent), level.values);
    });
  }

  function countField(selection: FieldSelection, parent: unknown): number {
    const args = argumentsOf(selection);
    const { field, below } = selection;
    const [level] = below;
    const value = args && field.resolve?.(parent, args, undefined, info);
    if (value === null || value === undefined) return 1;
    if (!Array.isArray(value)) return 1 + (level ? countType(level, value) : 0);
    let fields = 1;
    for (const element of value) {
      step();
      fields += level ? countType(level, element) : 1;
    }
    return fields;
  }

  return (selection: FieldSelection): number => countField(selection, undefined);
}

/** The number of fields that a value counts in addition to itself. */
const moreFieldsOf = ({ field }: FieldSelection): number =>
  field.extensions.moreFields ?? (isList(field) ? unknownLength : 0);

/** The number of objects of a field that takes no keys. */
function objectCountOf({ field }: FieldSelection, pageSize: number): number {
  if (!isList(field)) return 1;
  const { length = unknownLength } = field.extensions;
  return length === 'pageSize' ? pageSize : length;
}

/** The number of objects that a field reads by their keys; null if it takes no keys. */
function keysOf({ ids, representations }: Readonly<Record<string, unknown>>): number | null {
  if (Array.isArray(representations)) return representations.length;
  if (!Array.isArray(ids)) return null;
  return ids.length > maxIds ? 0 : ids.length;
}

const tooMuchIntrospection = (actual: number) =>
  new QueryTooComplex('The operation has more introspection than can be counted.', {
    limit: maxSteps,
    actual,
  });

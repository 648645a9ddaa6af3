import { ChangeType, CriticalityLevel, diff } from '@graphql-inspector/core';
import { type GraphQLSchema, isEnumType, isInputObjectType, isInterfaceType, isObjectType } from 'graphql';

/** What the deprecation policy of CONTRIBUTING.md has against a change of the schema. */

/** GraphQL's own, for who gives none: it names nothing to use instead. */
const noReason = 'No longer supported';

/**
 * @param released the schema that clients know
 * @param announced places of breaking changes that are written down, such as `Artist.genres`
 */
export async function objections(
  released: GraphQLSchema,
  current: GraphQLSchema,
  announced: readonly string[],
): Promise<string[]> {
  const changes = await diff(released, current);
  const breaking = changes.filter(({ criticality }) => criticality.level === CriticalityLevel.Breaking);
  const places = breaking.map(({ path = '' }) => path);
  return [
    ...breaking
      .filter(({ path = '' }) => !announced.includes(path))
      .map(({ path, message }) => `${path} breaks clients and is not announced: ${message}`),
    // A field that Spotify stops filling has to be nullable at once: its type changes with an announcement alone.
    ...breaking
      .filter(({ type, path = '' }) => type !== ChangeType.FieldTypeChanged && !mayGo(released, path))
      .map(({ path }) => `${path} was not deprecated in the last release`),
    ...announced
      .filter((path) => !places.includes(path))
      .map((path) => `${path} is announced, but nothing breaks there`),
    ...deprecatedIn(current)
      .filter(([, reason]) => reason === noReason)
      .map(([path]) => `${path} is deprecated without saying what to use instead`),
  ];
}

/** Whether clients were told. A type or a directive cannot be deprecated: it goes with what leads to it. */
function mayGo(schema: GraphQLSchema, path: string): boolean {
  if (path.startsWith('@') || !path.includes('.')) return true;
  return deprecatedIn(schema).some(([place]) => path === place || path.startsWith(`${place}.`));
}

/** Every deprecated field, argument and enum value, by its place, with the reason. */
function deprecatedIn(schema: GraphQLSchema): [path: string, reason: string][] {
  return Object.values(schema.getTypeMap()).flatMap((type) => {
    if (isEnumType(type)) return deprecatedOf(type.name, type.getValues());
    if (!isObjectType(type) && !isInterfaceType(type) && !isInputObjectType(type)) return [];
    const fields = Object.values(type.getFields());
    return [
      ...deprecatedOf(type.name, fields),
      ...fields.flatMap((field) =>
        'args' in field ? deprecatedOf(`${type.name}.${field.name}`, field.args) : [],
      ),
    ];
  });
}

const deprecatedOf = (
  parent: string,
  parts: readonly { name: string; deprecationReason?: string | null | undefined }[],
): [path: string, reason: string][] =>
  parts.flatMap(({ name, deprecationReason }) =>
    deprecationReason == null ? [] : [[`${parent}.${name}`, deprecationReason]],
  );

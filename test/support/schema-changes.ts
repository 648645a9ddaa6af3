import { ChangeType, CriticalityLevel, diff } from '@graphql-inspector/core';
import { type GraphQLSchema, isEnumType, isInputObjectType, isInterfaceType, isObjectType } from 'graphql';

/** Checks a change of the schema against the deprecation policy of CONTRIBUTING.md. */

/** GraphQL's default reason, which names no replacement. */
const noReason = 'No longer supported';

/**
 * @param released the schema of the last release
 * @param announced schema coordinates of the announced breaking changes, such as `Artist.genres`
 * @returns the violations of the policy
 */
export async function policyViolations(
  released: GraphQLSchema,
  current: GraphQLSchema,
  announced: readonly string[],
): Promise<string[]> {
  const changes = await diff(released, current);
  const breaking = changes.filter(({ criticality }) => criticality.level === CriticalityLevel.Breaking);
  const brokenPaths = breaking.map(({ path = '' }) => path);
  return [
    ...breaking
      .filter(({ path = '' }) => !announced.includes(path))
      .map(({ path, message }) => `${path} breaks clients and is not announced: ${message}`),
    // A field that Spotify no longer fills must become nullable at once, so a type change needs only an announcement.
    ...breaking
      .filter(({ type, path = '' }) => type !== ChangeType.FieldTypeChanged && !isRemovable(released, path))
      .map(({ path }) => `${path} was not deprecated in the last release`),
    ...announced
      .filter((path) => !brokenPaths.includes(path))
      .map((path) => `${path} is announced, but nothing breaks there`),
    ...deprecatedIn(current)
      .filter(([, reason]) => reason === noReason)
      .map(([path]) => `${path} is deprecated without saying what to use instead`),
  ];
}

/** Whether it was deprecated. Types and directives cannot be deprecated: they are removed with the fields that use them. */
function isRemovable(schema: GraphQLSchema, path: string): boolean {
  if (path.startsWith('@') || !path.includes('.')) return true;
  return deprecatedIn(schema).some(
    ([coordinate]) => path === coordinate || path.startsWith(`${coordinate}.`),
  );
}

/** The schema coordinate of every deprecated field, argument and enum value, with the reason. */
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

import {
  type GraphQLField,
  type GraphQLObjectType,
  getNamedType,
  isAbstractType,
  isLeafType,
  isNonNullType,
} from 'graphql';
import { parseId } from '../../src/datasources/spotify/index.ts';
import { artistAlbums } from '../../src/datasources/spotify/kinds/album.ts';
import { pagedList } from '../../src/datasources/spotify/kinds/requests/lists.ts';
import { schema } from '../../src/schema/index.ts';
import { cursorsOf } from '../../src/schema/relay/page-arguments.ts';

/** Expensive operations: each level of fields is selected under aliases and by fragments. */

export const inheritedNames = [
  '__proto__',
  'constructor',
  'toString',
  'valueOf',
  'hasOwnProperty',
  '__lookupGetter__',
];
export const artistId = '3Nrfpe0tUJi4K4DXYWgMUX';
export const ids = [
  artistId,
  'no id',
  '',
  '0000000000000000000001',
  `spotify:artist:${artistId}`,
  'x'.repeat(300),
  '../me',
];

/** The selection of one level of fields below another. */
export interface Level {
  /** Chooses the field among those that have fields below them. */
  field: number;
  /** The number of aliases. */
  aliases: number;
  /** How many fragments have the selection, and how many of them each alias spreads. */
  fragments: number;
  spread: number;
  /** Chooses the arguments. */
  args: number;
  leaves: number;
  leaf: number;
  directive: number;
}

/** An operation with one named fragment or more for each level. */
export function documentOf(levels: readonly Level[], variable: string): string {
  const fragments: string[] = [];
  let type = schema.getQueryType() as GraphQLObjectType;
  let usesVariable = '';

  const selections = levels.map((each, n) => {
    const parentType = type;
    const fields = Object.values(parentType.getFields());
    const composite = fields.filter((field) => !isLeafType(getNamedType(field.type)));
    const leaves = fields.filter((field) => isLeafType(getNamedType(field.type)));
    const metaFields =
      n === 0
        ? ['__schema { types { name fields { name } } }', '__type(name: "Artist") { fields { name } }']
        : [];
    const leaf = leaves[each.leaf % Math.max(1, leaves.length)]?.name;
    const leafName = each.leaf % 7 === 0 || !leaf ? '__typename' : leaf;
    const alias = each.leaf % 11 === 0 ? (inheritedNames[each.leaf % inheritedNames.length] as string) : 'l';
    const leafText = Array.from({ length: each.leaves }, (_, i) => `${alias}${i || ''}: ${leafName}`).join(
      ' ',
    );
    const field = composite[each.field % Math.max(1, composite.length)];
    if (!field) return { type: parentType, leaves: leafText, field: '' };
    const { args, declared } = argumentsOf(field, each.args, variable);
    usesVariable ||= declared;
    type = typeBelow(field, each.field);
    const inline = isAbstractType(getNamedType(field.type)) ? `... on ${type.name}` : '';
    const below = (aliasIndex: number) =>
      n + 1 < levels.length
        ? Array.from(
            { length: each.spread },
            (_, i) => `...F${n + 1}x${(aliasIndex + i) % each.fragments}`,
          ).join(' ')
        : '__typename';
    const directive = directiveOf(each.directive, variable);
    const fieldText = Array.from(
      { length: each.aliases },
      (_, i) =>
        `a${i}: ${field.name}${args} ${directive} { ${inline} ${inline ? '{' : ''} ${below(i)} ${inline ? '}' : ''} }`,
    ).join(' ');
    return {
      type: parentType,
      leaves: leafText,
      field: [fieldText, ...(each.leaf % 5 === 0 ? metaFields : [])].join(' '),
    };
  });

  for (const [n, { type: on, leaves, field }] of selections.entries()) {
    const count = n === 0 ? 1 : (levels[n - 1]?.fragments ?? 1);
    for (let i = 0; i < count; i++)
      fragments.push(`fragment F${n}x${i} on ${on.name} { __typename ${leaves} ${field} }`);
  }
  const header = usesVariable === '' ? '' : `($${variable}: ${usesVariable})`;
  return `query${header} { ...F0x0 } ${fragments.join(' ')}`;
}

function typeBelow(field: GraphQLField<unknown, unknown>, choice: number): GraphQLObjectType {
  const named = getNamedType(field.type);
  const types = isAbstractType(named) ? schema.getPossibleTypes(named) : [named as GraphQLObjectType];
  return types[choice % types.length] as GraphQLObjectType;
}

/** Mostly valid arguments, and the type of the variable if one of them is the variable. */
function argumentsOf(field: GraphQLField<unknown, unknown>, choice: number, variable: string) {
  const keys = field.args.find(({ name }) => name === 'ids' || name === 'representations');
  if (keys) {
    if (choice % 4 !== 1) return { args: `(${keys.name}: $${variable})`, declared: String(keys.type) };
    const inline = {
      ids: `"${artistId}" "${ids[choice % ids.length]}"`,
      representations: '{__typename:"Artist",id:"1"}',
    };
    return { args: `(${keys.name}: [${inline[keys.name as keyof typeof inline]}])`, declared: '' };
  }
  const texts = field.args.flatMap(({ name, type }) => {
    const value = choice % 3 === 0 && !isNonNullType(type) ? undefined : argumentText(name, choice);
    return value === undefined ? [] : [`${name}: ${value}`];
  });
  return { args: texts.length > 0 ? `(${texts.join(' ')})` : '', declared: '' };
}

function argumentText(name: string, choice: number): string | undefined {
  const cursor = { slot: choice % 300, total: choice % 200, id: choice % 2 === 0 ? artistId : null };
  switch (name) {
    case 'id':
      return JSON.stringify(ids[choice % ids.length]);
    case 'q':
      return ['"the"', '"love"', '" "'][choice % 3];
    case 'first':
      return `${[100, 50, 20, 0, 101, -1][choice % 6]}`;
    case 'last':
      return choice % 5 === 0 ? '100' : undefined;
    case 'after':
      return choice % 4 === 0 ? JSON.stringify(albumCursors.encode(cursor)) : undefined;
    case 'market':
      return ['"DE"', undefined, undefined, '"XX"', undefined, '"__proto__"'][choice % 6];
    default:
      return undefined;
  }
}

/** The cursors of the albums of `artistId`. */
export const albumCursors = cursorsOf(pagedList(artistAlbums, parseId(artistId, 'artist'), [], null));

function directiveOf(choice: number, variable: string): string {
  const texts: Record<number, string> = {
    1: '@include(if: true)',
    2: '@skip(if: false)',
    3: '@include(if: true) @skip(if: false)',
    4: '@skip(if: true)',
    5: `@include(if: $${variable})`,
    6: '@unknown',
    7: '@include(if: true) '.repeat(6),
    8: '@include',
  };
  return texts[choice] ?? '';
}

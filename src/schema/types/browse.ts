import type { FieldMap } from '@pothos/core';
import {
  type BrowseListDefinition,
  type Category as CategoryEntry,
  categories,
  categoryPlaylists,
  isCategoryId,
  newReleases,
  type Playlist,
  type Spotify,
} from '../../datasources/spotify/index.ts';
import { BadUserInput } from '../../errors.ts';
import { type ArgsBuilder, builder, type FieldsOf } from '../builder.ts';
import { browseListCost, categoryLookupCost } from '../planning/list-costs.ts';
import { resolveConnection } from '../relay/connect.ts';
import { connectionArgs, connectionOf } from '../relay/connection.ts';
import type { ConnectionArgs } from '../relay/page-arguments.ts';
import { value } from '../resolvers.ts';
import { imagesField } from './images.ts';
import { connectionTypes } from './search.ts';

/** The new releases and the categories, which Spotify withholds from most apps. */

const Category = builder.objectRef<CategoryEntry>('Category').implement({
  description: 'A category of playlists, such as a genre or a mood.',
  fields: (t) => ({
    id: t.exposeID('categoryId', { description: "Spotify's id of the category, which may be a word." }),
    name: t.exposeString('name', { description: 'The name of the category, in the language of `locale`.' }),
    icons: imagesField(t, 'Its icon, widest first; Spotify often does not say its size.', {
      resolve: value('icons'),
    }),
    ...playlistsOf(
      t,
      categoryPlaylists,
      'Playlists of the category. Given only to apps that used them before November 2024.',
    ),
  }),
});

const CategoryConnection = connectionOf('CategoryConnection', Category);

const localeArg = ({ arg }: ArgsBuilder) =>
  arg.string({
    description:
      'The language of the names: an ISO 639-1 code, `_`, and an ISO 3166-1 code, such as `sv_SE`.',
  });

builder.queryFields((t) => ({
  newReleases: t.field({
    type: connectionTypes.album,
    nullable: true,
    extensions: { cost: browseListCost(newReleases, newReleasesOf) },
    description: 'New albums that Spotify features, at most 100. Not available to every app.',
    args: connectionArgs(t),
    resolve: resolveConnection(newReleasesOf),
  }),
  categories: t.field({
    type: CategoryConnection,
    nullable: true,
    extensions: { cost: browseListCost(categories, categoriesOf) },
    description: 'The categories of playlists. Not available to every app.',
    args: { locale: localeArg(t), ...connectionArgs(t) },
    resolve: resolveConnection((spotify, _root, _market, args: ConnectionArgs & CategoriesArgs) =>
      categoriesOf(spotify, args),
    ),
  }),
  category: t.field({
    type: Category,
    nullable: true,
    extensions: { cost: categoryLookupCost(checkedCategory) },
    description: 'One category; null where there is none. Not available to every app.',
    args: {
      id: t.arg.id({ required: true, description: 'The id of a category, as `categories` gives it.' }),
      locale: localeArg(t),
    },
    resolve: (_, args, context, info) => {
      const { id, locale } = checkedCategory(args);
      return context.spotify.category(id, locale, context.fieldContext(info));
    },
  }),
}));

interface CategoriesArgs {
  locale?: string | null | undefined;
}

function newReleasesOf(spotify: Pick<Spotify, 'browseList'>) {
  return spotify.browseList(newReleases, undefined, null);
}

function categoriesOf(spotify: Pick<Spotify, 'browseList'>, args: CategoriesArgs) {
  return spotify.browseList(categories, undefined, checkedLocale(args));
}

/** @throws BadUserInput for an id or a locale that does not have one of Spotify's forms */
function checkedCategory({ id, locale }: CategoriesArgs & { id: string }) {
  if (!isCategoryId(id))
    throw new BadUserInput('Not the id of a category: give an id that `categories` has given.');
  return { id, locale: checkedLocale({ locale }) };
}

/** @throws BadUserInput for a locale that does not have Spotify's form */
function checkedLocale({ locale }: CategoriesArgs): string | null {
  if (locale === null || locale === undefined) return null;
  if (!/^[a-z]{2}_[A-Z]{2}$/.test(locale))
    throw new BadUserInput('A `locale` is a language and a country in the form `sv_SE`.');
  return locale;
}

/** The field `playlists` of an owner, which Spotify may withhold from an app. */
export const playlistsOf = <Owner extends object>(
  t: FieldsOf<Owner>,
  list: BrowseListDefinition<Playlist, Owner> & Parameters<typeof browseListCost>[0],
  description: string,
): FieldMap => ({
  playlists: t.field({
    type: connectionTypes.playlist,
    nullable: true,
    extensions: { cost: browseListCost(list) },
    description,
    args: connectionArgs(t),
    resolve: resolveConnection((spotify, owner: Owner) => spotify.browseList(list, owner, null)),
  }),
});

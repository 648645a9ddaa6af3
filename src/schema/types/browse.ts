import type { ArgBuilder, FieldMap, ObjectFieldBuilder } from '@pothos/core';
import {
  type BrowseListDefinition,
  type Category as CategoryEntry,
  categories as categoriesList,
  categoryPlaylists,
  isCategoryId,
  newReleases as newReleasesList,
  type Playlist,
} from '../../datasources/spotify/index.ts';
import { BadUserInput } from '../../errors.ts';
import { builder } from '../builder.ts';
import { resolvedField } from '../context.ts';
import { browseListCost, categoryLookupCost } from '../planning/list-costs.ts';
import { connect } from '../relay/connect.ts';
import { connectionArgs, connectionOf } from '../relay/connection.ts';
import { value } from '../resolvers.ts';
import { connectionTypes } from './search.ts';
import { Image, imagesArgs, sufficientImages } from './values.ts';

/** The new releases and the categories, which Spotify withholds from most apps. */

const Category = builder.objectRef<CategoryEntry>('Category').implement({
  description: 'A category of playlists, such as a genre or a mood.',
  fields: (t) => ({
    id: t.exposeID('categoryId', { description: "Spotify's id of the category, which may be a word." }),
    name: t.exposeString('name', { description: 'The name of the category, in the language of `locale`.' }),
    icons: t.field({
      type: [Image],
      nullable: { list: true, items: true },
      description: 'Its icon, widest first; Spotify often does not say its size.',
      args: imagesArgs(t),
      resolve: sufficientImages(value('icons')),
    }),
    ...playlistsOf(
      t,
      categoryPlaylists,
      'Playlists of the category. Given only to apps that used them before November 2024.',
    ),
  }),
});

const CategoryConnection = connectionOf('CategoryConnection', Category);

const localeArg = ({ arg }: { arg: ArgBuilder<(typeof builder)['$inferSchemaTypes']> }) =>
  arg.string({
    description:
      'The language of the names: an ISO 639-1 code, `_`, and an ISO 3166-1 code, such as `sv_SE`.',
  });

builder.queryFields((t) => ({
  newReleases: t.field({
    type: connectionTypes.album,
    nullable: true,
    extensions: {
      cost: browseListCost(newReleasesList, (spotify) =>
        spotify.browseList(newReleasesList, undefined, null),
      ),
    },
    description: 'New albums that Spotify features, at most 100. Not available to every app.',
    args: connectionArgs(t),
    resolve: (_, args, context, info) =>
      connect(
        () => context.spotify.browseList(newReleasesList, undefined, null),
        args,
        context,
        resolvedField(context, info),
      ),
  }),
  categories: t.field({
    type: CategoryConnection,
    nullable: true,
    extensions: {
      cost: browseListCost(categoriesList, (spotify, { locale }) =>
        spotify.browseList(categoriesList, undefined, checkedLocale(locale as LocaleArg)),
      ),
    },
    description: 'The categories of playlists. Not available to every app.',
    args: { locale: localeArg(t), ...connectionArgs(t) },
    resolve: (_, { locale, ...args }, context, info) =>
      connect(
        () => context.spotify.browseList(categoriesList, undefined, checkedLocale(locale)),
        args,
        context,
        resolvedField(context, info),
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

type LocaleArg = string | null | undefined;

interface CategoryArgs {
  id: string;
  locale?: LocaleArg;
}

/** @throws BadUserInput for an id or a locale that Spotify does not know the form of */
function checkedCategory({ id, locale }: CategoryArgs) {
  if (!isCategoryId(id))
    throw new BadUserInput('Not the id of a category: give an id that `categories` has given.');
  return { id, locale: checkedLocale(locale) };
}

/** @throws BadUserInput for a locale that Spotify does not know the form of */
function checkedLocale(locale: LocaleArg): string | null {
  if (locale === null || locale === undefined) return null;
  if (!/^[a-z]{2}_[A-Z]{2}$/.test(locale))
    throw new BadUserInput('A `locale` is a language and a country in the form `sv_SE`.');
  return locale;
}

/** The field `playlists` of an owner, which Spotify may withhold from an app. */
export const playlistsOf = <Owner extends object>(
  t: ObjectFieldBuilder<(typeof builder)['$inferSchemaTypes'], Owner>,
  list: BrowseListDefinition<Playlist, Owner> & Parameters<typeof browseListCost>[0],
  description: string,
): FieldMap => ({
  playlists: t.field({
    type: connectionTypes.playlist,
    nullable: true,
    extensions: { cost: browseListCost(list) },
    description,
    args: connectionArgs(t),
    resolve: (owner, args, context, info) =>
      connect(
        () => context.spotify.browseList(list, owner, null),
        args,
        context,
        resolvedField(context, info),
      ),
  }),
});

import { Link } from 'react-router';
import styles from './group-tabs.module.css';

/** The groups of an artist's albums as in URLs, with their names. */
const groups = {
  all: { name: 'Everything', includes: null },
  albums: { name: 'Albums', includes: ['ALBUM'] },
  singles: { name: 'Singles', includes: ['SINGLE'] },
  compilations: { name: 'Compilations', includes: ['COMPILATION'] },
  'appears-on': { name: 'Appears on', includes: ['APPEARS_ON'] },
} as const;

export type Group = keyof typeof groups;

const isGroup = (text: string): text is Group => Object.hasOwn(groups, text);

export const readGroup = (text: string | null): Group => (text !== null && isGroup(text) ? text : 'all');

/** For the gateway's argument `includeGroups`. */
export function groupsIn(group: Group) {
  const { includes } = groups[group];
  return includes && [...includes];
}

export function GroupTabs({ current }: { current: Group }) {
  return (
    <nav aria-label="Kinds of albums" className={styles.tabs}>
      <ul>
        {(Object.keys(groups) as Group[]).map((group) => (
          <li key={group}>
            <Link
              to={group === 'all' ? '?' : `?group=${group}`}
              aria-current={group === current ? 'page' : undefined}
              preventScrollReset
              replace
            >
              {groups[group].name}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}

import { useEffect } from 'react';
import { useLocation } from 'react-router';
import { count } from '../format.ts';
import { useCost } from '../graphql/cost.ts';
import { useSite } from '../site.ts';
import styles from './site-facts.module.css';

/** States in the header that the music is made up, and how many Spotify calls the page has cost. */
export function SiteFacts() {
  const { madeUpMusic, showCost } = useSite();
  const { page, visit, startPage } = useCost();
  const { pathname, search } = useLocation();

  // biome-ignore lint/correctness/useExhaustiveDependencies: another URL is another page
  useEffect(() => startPage(), [pathname, search]);

  if (!madeUpMusic && !showCost) return null;
  return (
    <p className={styles.facts} data-site-facts>
      {madeUpMusic && <strong className={styles.madeUp}>Made-up music</strong>}
      {showCost && (
        <span>
          This page: {count(page, 'Spotify call')}
          {visit > page && ` · ${visit.toLocaleString('en')} in all`}
        </span>
      )}
    </p>
  );
}

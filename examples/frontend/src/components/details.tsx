import type { ReactNode } from 'react';
import styles from './details.module.css';

/** Facts about an object as names with values; a fact without a value is left out. */
export function Details({ facts, children }: { facts: Record<string, ReactNode>; children?: ReactNode }) {
  const known = Object.entries(facts).filter(([, value]) => value !== null && value !== undefined);
  return (
    <div className={styles.details}>
      <dl>
        {known.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {children}
    </div>
  );
}

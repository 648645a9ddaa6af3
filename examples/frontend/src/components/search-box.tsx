import { Form, useSearchParams } from 'react-router';
import styles from './search-box.module.css';

// As many as the gateway takes.
const longestSearch = 250;

/** Asks when it is told to, not at every letter: each question is a call to Spotify, and those are counted. */
export function SearchBox() {
  const [parameters] = useSearchParams();
  const searched = parameters.get('q') ?? '';
  return (
    <search className={styles.search}>
      <Form action="/">
        <label className="visually-hidden" htmlFor="search">
          Artists and albums
        </label>
        <svg className={styles.icon} viewBox="0 0 20 20" aria-hidden="true">
          <circle cx="9" cy="9" r="5.5" />
          <path d="m13 13 4 4" />
        </svg>
        <input
          // A search by a link or the back button shows its own words.
          key={searched}
          id="search"
          type="search"
          name="q"
          defaultValue={searched}
          placeholder="Artists and albums"
          maxLength={longestSearch}
          autoComplete="off"
          enterKeyHint="search"
          required
        />
        <button type="submit">Search</button>
      </Form>
    </search>
  );
}

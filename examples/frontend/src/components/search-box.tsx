import { Form, useSearchParams } from 'react-router';
import styles from './search-box.module.css';

// Characters: the limit of the gateway.
const longestSearch = 250;

/** Searches when the form is submitted and not at every letter, because each search is a call to Spotify. */
export function SearchBox() {
  const [parameters] = useSearchParams();
  const searched = parameters.get('q') ?? '';
  return (
    <search className={styles.search}>
      <Form action="/">
        <label className="visually-hidden" htmlFor="search">
          Artists, albums, tracks, shows, playlists, or a Spotify link
        </label>
        <svg className={styles.icon} viewBox="0 0 20 20" aria-hidden="true">
          <circle cx="9" cy="9" r="5.5" />
          <path d="m13 13 4 4" />
        </svg>
        <input
          // The text of the search that a link or the back button has opened.
          key={searched}
          id="search"
          type="search"
          name="q"
          defaultValue={searched}
          placeholder="Search, or paste a link"
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

import { useEffect, useRef } from 'react';
import { Link, type Location, Outlet, ScrollRestoration, useLocation } from 'react-router';
import { useSite } from '../site.ts';
import styles from './layout.module.css';
import { SearchBox } from './search-box.tsx';
import { SiteFacts } from './site-facts.tsx';
import { SpotifyLogo } from './spotify-link.tsx';

/** The header and the footer of every page. */
export function Layout() {
  const main = useFocusOnNewPage();
  const { madeUpMusic } = useSite();
  return (
    <>
      <a className={styles.skip} href="#main">
        Skip to content
      </a>
      <header className={styles.header}>
        <div className={styles.bar}>
          <Link to="/" className={styles.brand}>
            <img src="/icon.svg" alt="" width={28} height={28} />
            Sleeve
          </Link>
          <SiteFacts />
          <SearchBox />
        </div>
      </header>
      <main id="main" ref={main} tabIndex={-1} className={styles.main}>
        <Outlet />
      </main>
      <footer className={styles.footer}>
        <p className={styles.attribution}>
          <SpotifyLogo />
          {madeUpMusic
            ? 'All music here is made up by the sandbox of the gateway, in place of Spotify. Most links to Spotify find nothing.'
            : 'Music data and artwork from Spotify.'}
        </p>
        <p>An example of a page over the Spotify GraphQL gateway. Not affiliated with Spotify.</p>
      </footer>
      <ScrollRestoration getKey={placeOf} />
    </>
  );
}

/** After a full load `key` is `default` on every page, so the URL identifies the scroll position. */
const placeOf = ({ key, pathname, search }: Location): string =>
  key === 'default' ? pathname + search : key;

/** Moves the focus to the top of a new page. A browser does so only for a new document. */
function useFocusOnNewPage() {
  const main = useRef<HTMLElement>(null);
  const { pathname } = useLocation();
  const shown = useRef(pathname);
  useEffect(() => {
    if (shown.current === pathname) return;
    shown.current = pathname;
    main.current?.focus({ preventScroll: true });
  }, [pathname]);
  return main;
}

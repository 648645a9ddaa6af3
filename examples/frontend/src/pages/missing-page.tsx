import { Link } from 'react-router';
import { Notice } from '../components/notice.tsx';

/** For an address that leads nowhere, and for an id that Spotify does not know. */
export function MissingPage() {
  return (
    <Notice title="There is nothing here" isPage>
      <p>It may have been taken out of the catalogue, or the address is not quite right.</p>
      <p>
        <Link to="/">Search for something else</Link>
      </p>
    </Notice>
  );
}

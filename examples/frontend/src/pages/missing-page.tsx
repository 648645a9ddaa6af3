import { Link } from 'react-router';
import { Notice } from '../components/notice.tsx';

/** For a URL without a page, and for an id without an object. */
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

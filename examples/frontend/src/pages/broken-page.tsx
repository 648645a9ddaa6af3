import { Notice } from '../components/notice.tsx';

/** For a fault of the page itself: React has thrown away what was there. */
export function BrokenPage() {
  return (
    <Notice title="Something went wrong" isPage>
      <p>This page has a fault of its own.</p>
      <button type="button" onClick={() => location.reload()}>
        Load it again
      </button>
    </Notice>
  );
}

import { Notice } from '../components/notice.tsx';

/** For an error of the page itself, after which React has removed the content. */
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

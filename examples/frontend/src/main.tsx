import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { createBrowserRouter, RouterProvider } from 'react-router';
import { Provider } from 'urql';
import { Layout } from './components/layout.tsx';
import { createGraphQLClient } from './graphql/client.ts';
import { CostContext, createCostCounter } from './graphql/cost.ts';
import { AlbumPage } from './pages/album-page.tsx';
import { ArtistPage } from './pages/artist-page.tsx';
import { BrokenPage } from './pages/broken-page.tsx';
import { MissingPage } from './pages/missing-page.tsx';
import { PlaylistPage } from './pages/playlist-page.tsx';
import { SearchPage } from './pages/search-page.tsx';
import { ShowPage } from './pages/show-page.tsx';
import { TrackPage } from './pages/track-page.tsx';
import { readSite, SiteContext } from './site.ts';
import './styles/base.css';

const router = createBrowserRouter([
  {
    element: <Layout />,
    children: [
      {
        errorElement: <BrokenPage />,
        children: [
          { path: '/', element: <SearchPage /> },
          { path: '/artist/:id', element: <ArtistPage /> },
          { path: '/album/:id', element: <AlbumPage /> },
          { path: '/track/:id', element: <TrackPage /> },
          { path: '/show/:id', element: <ShowPage /> },
          { path: '/playlist/:id', element: <PlaylistPage /> },
          { path: '*', element: <MissingPage /> },
        ],
      },
    ],
  },
]);

const root = document.getElementById('root');
if (!root) throw new Error('index.html has an element with the id "root"');

const site = await readSite();
const cost = createCostCounter();

createRoot(root).render(
  <StrictMode>
    <SiteContext value={site}>
      <CostContext value={cost}>
        <Provider value={createGraphQLClient(site.showCost ? cost : null)}>
          <RouterProvider router={router} />
        </Provider>
      </CostContext>
    </SiteContext>
  </StrictMode>,
);

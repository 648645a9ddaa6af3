import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { createBrowserRouter, RouterProvider } from 'react-router';
import { Provider } from 'urql';
import { Layout } from './components/layout.tsx';
import { createGraphQLClient } from './graphql/client.ts';
import { AlbumPage } from './pages/album-page.tsx';
import { ArtistPage } from './pages/artist-page.tsx';
import { BrokenPage } from './pages/broken-page.tsx';
import { MissingPage } from './pages/missing-page.tsx';
import { SearchPage } from './pages/search-page.tsx';
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
          { path: '*', element: <MissingPage /> },
        ],
      },
    ],
  },
]);

const root = document.getElementById('root');
if (!root) throw new Error('index.html has an element with the id "root"');

createRoot(root).render(
  <StrictMode>
    <Provider value={createGraphQLClient()}>
      <RouterProvider router={router} />
    </Provider>
  </StrictMode>,
);

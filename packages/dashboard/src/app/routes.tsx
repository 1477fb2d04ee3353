// Which page answers at which address. Each page is a chunk of its own, loaded when somebody goes there.
import { createBrowserRouter, Navigate } from 'react-router';
import { paths } from '../lib/paths.ts';
import { PageError } from './page-error.tsx';
import { PageSkeleton } from './page-skeleton.tsx';
import { Shell } from './shell.tsx';

export const router = createBrowserRouter([
  {
    path: '/',
    Component: Shell,
    ErrorBoundary: PageError,
    HydrateFallback: PageSkeleton,
    children: [
      {
        ErrorBoundary: PageError,
        children: [
          { index: true, element: <Navigate to={paths.stores} replace /> },
          {
            path: 'stores',
            lazy: { Component: async () => (await import('../features/stores/stores-page.tsx')).StoresPage },
          },
          {
            path: 'stores/:id/:tab?',
            lazy: { Component: async () => (await import('../features/store/store-page.tsx')).StorePage },
          },
          {
            path: 'insights',
            lazy: { Component: async () => (await import('../features/insights/insights-page.tsx')).InsightsPage },
          },
          {
            path: 'cluster',
            lazy: { Component: async () => (await import('../features/cluster/cluster-page.tsx')).ClusterPage },
          },
          { path: '*', lazy: { Component: async () => (await import('./not-found-page.tsx')).NotFoundPage } },
        ],
      },
    ],
  },
]);

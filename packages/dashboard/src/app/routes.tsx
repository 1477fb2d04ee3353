// Which page answers at which address. Each page is a chunk of its own, loaded when somebody goes there.
import { createBrowserRouter, Navigate } from 'react-router';
import { paths } from '../lib/paths.ts';
import { PageError } from './page-error.tsx';
import { PageSkeleton } from './page-skeleton.tsx';
import { Shell } from './shell.tsx';

export const router = createBrowserRouter([
  {
    ErrorBoundary: PageError,
    HydrateFallback: PageSkeleton,
    children: [
      {
        path: 'sign-in',
        lazy: { Component: async () => (await import('../features/session/sign-in-page.tsx')).SignInPage },
      },
      {
        path: 'invitation',
        lazy: { Component: async () => (await import('../features/session/invitation-page.tsx')).InvitationPage },
      },
      {
        path: 'password-reset',
        lazy: {
          Component: async () => (await import('../features/session/password-reset-page.tsx')).PasswordResetPage,
        },
      },
    ],
  },
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
          {
            path: 'settings/:page?',
            lazy: { Component: async () => (await import('../features/settings/settings-page.tsx')).SettingsPage },
          },
          {
            path: 'admin/:page?',
            lazy: { Component: async () => (await import('../features/admin/admin-page.tsx')).AdminPage },
          },
          { path: '*', lazy: { Component: async () => (await import('./not-found-page.tsx')).NotFoundPage } },
        ],
      },
    ],
  },
]);

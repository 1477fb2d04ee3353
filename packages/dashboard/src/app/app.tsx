// What surrounds every page: theme, the query cache, addresses, news in the corner.
import { localStorageColorSchemeManager, MantineProvider } from '@mantine/core';
import { Notifications } from '@mantine/notifications';
import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from 'react-router';
import { queryClient } from '../lib/queries.ts';
import { router } from './routes.tsx';
import { cssVariables, theme } from './theme.ts';

// The same key as in public/color-scheme.js, which sets it before the first paint.
const colorScheme = localStorageColorSchemeManager({ key: 'souk-color-scheme' });

export function App() {
  return (
    <MantineProvider
      theme={theme}
      cssVariablesResolver={cssVariables}
      defaultColorScheme="auto"
      colorSchemeManager={colorScheme}
    >
      <QueryClientProvider client={queryClient}>
        <Notifications position="bottom-right" limit={4} />
        <RouterProvider router={router} />
      </QueryClientProvider>
    </MantineProvider>
  );
}

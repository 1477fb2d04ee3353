// A page that broke, or whose code could not be fetched because a newer release has replaced it.
import { Button } from '@mantine/core';
import { IconMoodSad } from '@tabler/icons-react';
import { useRouteError } from 'react-router';
import { EmptyState } from '../components/empty-state.tsx';

export function PageError() {
  const error = useRouteError();
  const isChunk = error instanceof TypeError && /import|fetch/i.test(error.message);
  return (
    <div role="alert">
      <EmptyState
        icon={<IconMoodSad size={22} />}
        title={isChunk ? 'This page could not be loaded' : 'This page broke'}
        action={<Button onClick={() => location.reload()}>Load the page again</Button>}
      >
        {isChunk
          ? 'The platform does not answer, or was brought to a newer release meanwhile.'
          : `${error instanceof Error ? error.message : 'An unexpected error.'} What you did before is safe.`}
      </EmptyState>
    </div>
  );
}

// What is shown where something could not be read: why, and a way to try again.
import { Button } from '@mantine/core';
import { IconPlugConnectedX } from '@tabler/icons-react';
import { messageOf, titleOf } from '../lib/tell.ts';
import { EmptyState } from './empty-state.tsx';

export function ErrorState({ error, onRetry }: { readonly error: unknown; readonly onRetry?: () => void }) {
  return (
    <div role="alert">
      <EmptyState
        icon={<IconPlugConnectedX size={22} />}
        title={titleOf(error)}
        {...(onRetry !== undefined && {
          action: (
            <Button variant="default" onClick={onRetry}>
              Try again
            </Button>
          ),
        })}
      >
        {messageOf(error)}
      </EmptyState>
    </div>
  );
}

// An address that nothing answers at.
import { Button } from '@mantine/core';
import { IconMapOff } from '@tabler/icons-react';
import { Link } from 'react-router';
import { EmptyState } from '../components/empty-state.tsx';
import { useTitle } from '../components/page-header.tsx';
import { paths } from '../lib/paths.ts';

export function NotFoundPage() {
  useTitle('Not found');
  return (
    <EmptyState
      icon={<IconMapOff size={22} />}
      title="There is nothing here"
      action={
        <Button component={Link} to={paths.stores}>
          All stores
        </Button>
      }
    >
      The address is mistyped, or what was here is gone.
    </EmptyState>
  );
}

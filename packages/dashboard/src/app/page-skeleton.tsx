// The shape of a page while its code is on the way.
import { Skeleton } from '@mantine/core';

export function PageSkeleton() {
  return (
    <div role="status" aria-busy="true" aria-label="Loading">
      <Skeleton height={32} width={180} mb={24} />
      <Skeleton height={320} radius="lg" />
    </div>
  );
}

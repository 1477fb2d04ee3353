// A list of the platform's, searched and read page by page.
import { useDebouncedValue } from '@mantine/hooks';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useState } from 'react';

interface Page<T> {
  readonly items: readonly T[];
  readonly next: string | null;
}

export function usePages<T>(name: string, read: (query: { q?: string; after?: string }) => Promise<Page<T>>) {
  const [text, setText] = useState('');
  const [q] = useDebouncedValue(text.trim(), 200);
  const list = useInfiniteQuery({
    queryKey: ['admin', name, q] as const,
    queryFn: ({ pageParam }): Promise<Page<T>> =>
      read({ ...(q === '' ? {} : { q }), ...(pageParam === undefined ? {} : { after: pageParam }) }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next ?? undefined,
    staleTime: 0,
  });
  return {
    text,
    setText,
    table: {
      rows: list.data?.pages.flatMap(({ items }) => items),
      error: list.error,
      onRetry: () => void list.refetch(),
      onMore: list.hasNextPage ? () => void list.fetchNextPage() : undefined,
    },
  };
}

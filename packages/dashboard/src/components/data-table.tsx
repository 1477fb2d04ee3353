// A list of like things as a table, with its loading, error and empty states: say what the columns are and what to ask.
import { Button, Skeleton, Table } from '@mantine/core';
import { IconList } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { EmptyState } from './empty-state.tsx';
import { ErrorState } from './error-state.tsx';

export interface Column<T> {
  readonly title: string;
  readonly cell: (row: T) => ReactNode;
}

interface DataTableProps<T> {
  readonly label: string;
  readonly columns: readonly Column<T>[];
  /** Undefined while it is on the way. */
  readonly rows: readonly T[] | undefined;
  readonly keyOf: (row: T) => string;
  readonly empty: string;
  readonly error?: unknown;
  readonly onRetry?: () => void;
  /** There are further pages. */
  readonly onMore?: (() => void) | undefined;
}

const LEAST_WIDTH_OF_COLUMN = 130;

export function DataTable<T>({ label, columns, rows, keyOf, empty, error, onRetry, onMore }: DataTableProps<T>) {
  if (rows === undefined) {
    return error == null ? (
      <Skeleton height={200} m="md" />
    ) : (
      <ErrorState error={error} {...(onRetry && { onRetry })} />
    );
  }
  if (rows.length === 0) {
    return (
      <EmptyState icon={<IconList size={22} />} title={`No ${label.toLowerCase()}`}>
        {empty}
      </EmptyState>
    );
  }
  return (
    <>
      <Table.ScrollContainer
        minWidth={columns.length * LEAST_WIDTH_OF_COLUMN}
        scrollAreaProps={{ viewportProps: { tabIndex: 0, role: 'region', 'aria-label': label } }}
      >
        <Table verticalSpacing="sm" horizontalSpacing="lg">
          <Table.Thead>
            <Table.Tr>
              {columns.map(({ title }) => (
                <Table.Th key={title}>{title}</Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {rows.map((row) => (
              <Table.Tr key={keyOf(row)}>
                {columns.map(({ title, cell }) => (
                  <Table.Td key={title}>{cell(row)}</Table.Td>
                ))}
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
      {onMore !== undefined && (
        <Button variant="subtle" color="gray" fullWidth onClick={onMore}>
          Show more
        </Button>
      )}
    </>
  );
}

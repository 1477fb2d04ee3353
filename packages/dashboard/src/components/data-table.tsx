// A list of like things as a table, with its loading, error and empty states: say what the columns are and what to ask. On small
// screens each row stands as a block of its own; the roles are said because a table laid out as blocks would lose them.
import { Button, Skeleton, Table } from '@mantine/core';
import { IconList } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import classes from './data-table.module.css';
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
      <div className={classes.ghosts} role="status" aria-busy="true" aria-label={`Loading: ${label}`}>
        {Array.from({ length: 5 }, (_, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: they are all alike
          <Skeleton key={index} height={14} />
        ))}
      </div>
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
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls sideways must be reachable by keyboard */}
      <section className={classes.scroll} aria-label={label} tabIndex={0}>
        <Table
          role="table"
          className={classes.table}
          style={{ '--least-width': `${columns.length * LEAST_WIDTH_OF_COLUMN}px` }}
          verticalSpacing="sm"
          horizontalSpacing={20}
        >
          <Table.Thead role="rowgroup" className={classes.head}>
            <Table.Tr role="row">
              {columns.map(({ title }) => (
                <Table.Th role="columnheader" key={title}>
                  {title}
                </Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody role="rowgroup">
            {rows.map((row) => (
              <Table.Tr role="row" key={keyOf(row)} className={classes.row}>
                {columns.map(({ title, cell }) => (
                  <Table.Td role="cell" key={title} className={classes.cell} data-title={title}>
                    {cell(row)}
                  </Table.Td>
                ))}
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </section>
      {onMore !== undefined && (
        <Button variant="subtle" color="gray" fullWidth onClick={onMore}>
          Show more
        </Button>
      )}
    </>
  );
}

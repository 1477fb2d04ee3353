// A button whose deed cannot be undone: it asks once more, beside itself, before it does it.
import { Button, Popover } from '@mantine/core';
import { type ReactNode, useState } from 'react';

interface ConfirmButtonProps {
  readonly children: string;
  /** What exactly, for screen readers: there is one such button a line. */
  readonly label: string;
  /** What follows from it. */
  readonly about: ReactNode;
  readonly onConfirm: () => void;
}

export function ConfirmButton({ children, label, about, onConfirm }: ConfirmButtonProps) {
  const [isAsking, setAsking] = useState(false);
  return (
    <Popover
      opened={isAsking}
      onChange={setAsking}
      width={260}
      position="bottom-end"
      trapFocus
      returnFocus
      withinPortal
    >
      <Popover.Target>
        <Button size="xs" variant="default" aria-label={label} onClick={() => setAsking(!isAsking)}>
          {children}
        </Button>
      </Popover.Target>
      <Popover.Dropdown aria-label={label}>
        <p style={{ margin: '0 0 12px' }}>{about}</p>
        <Button
          size="xs"
          color="red"
          fullWidth
          onClick={() => {
            setAsking(false);
            onConfirm();
          }}
        >
          {children} for good
        </Button>
      </Popover.Dropdown>
    </Popover>
  );
}

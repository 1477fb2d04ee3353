// Asks for the store's name before it is deleted: no slip of the hand removes a shop.
import { Alert, Button, Group, Modal, Text, TextInput } from '@mantine/core';
import type { Store } from '@souk/contract';
import { type FormEvent, useState } from 'react';
import { messageOf } from '../../lib/tell.ts';
import { useDeleteStore } from '../stores/use-store-commands.ts';

export function DeleteStoreDialog({ store, onClose }: { readonly store: Store; readonly onClose: () => void }) {
  const [typed, setTyped] = useState('');
  const remove = useDeleteStore(store);
  const isConfirmed = typed.trim() === store.name;
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (isConfirmed) remove.mutate(undefined, { onSuccess: onClose });
  };
  return (
    <Modal opened onClose={onClose} title={`Delete ${store.name}?`} closeButtonProps={{ 'aria-label': 'Close' }}>
      <form onSubmit={submit}>
        <Text size="md" mb="md">
          Everything in it is removed for good, orders and customers included.
        </Text>
        <TextInput
          label={
            <>
              Type <b>{store.name}</b> to confirm
            </>
          }
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
          autoComplete="off"
          spellCheck={false}
          data-autofocus
        />
        {remove.isError && (
          <Alert color="red" mt="md" role="alert">
            {messageOf(remove.error)}
          </Alert>
        )}
        <Group justify="flex-end" gap="xs" mt="lg">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" color="red" disabled={!isConfirmed} loading={remove.isPending}>
            Delete for good
          </Button>
        </Group>
      </form>
    </Modal>
  );
}

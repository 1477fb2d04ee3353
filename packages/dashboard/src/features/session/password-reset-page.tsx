// Where the mailed link of a forgotten password leads.
import { Alert, Button, PasswordInput } from '@mantine/core';
import { PASSWORD_MAX_LENGTH, PASSWORD_MIN_LENGTH } from '@souk/contract';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { useTitle } from '../../components/page-header.tsx';
import { client } from '../../lib/client.ts';
import { paths } from '../../lib/paths.ts';
import { messageOf } from '../../lib/tell.ts';
import { OutsideFrame } from './outside-frame.tsx';
import { takeFromHash } from './take-from-hash.ts';

export function PasswordResetPage() {
  useTitle('New password');
  const [token] = useState(() => takeFromHash('token'));
  const [password, setPassword] = useState('');
  const confirm = useMutation({
    meta: { isTold: true },
    mutationFn: () => client.confirmPasswordReset(token ?? '', password),
    onSuccess: () => location.assign(paths.stores),
  });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    confirm.mutate();
  };
  return (
    <OutsideFrame title="Choose a new password">
      {token === null ? (
        <Alert color="red" role="alert">
          This link is not whole. Open it from the mail once more, or ask for another one.
        </Alert>
      ) : (
        <form onSubmit={submit}>
          <PasswordInput
            label="New password"
            description={`${PASSWORD_MIN_LENGTH} to ${PASSWORD_MAX_LENGTH} characters`}
            value={password}
            onChange={(event) => setPassword(event.currentTarget.value)}
            autoComplete="new-password"
            error={confirm.isError ? messageOf(confirm.error) : undefined}
            visibilityToggleButtonProps={{ 'aria-label': 'Show or hide the password' }}
          />
          <Button
            type="submit"
            fullWidth
            mt="md"
            loading={confirm.isPending}
            disabled={password.length < PASSWORD_MIN_LENGTH}
          >
            Set it and sign in
          </Button>
        </form>
      )}
    </OutsideFrame>
  );
}

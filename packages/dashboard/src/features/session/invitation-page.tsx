// Where an invitation's link leads: says who invites as what, and asks only for what is still missing.
import { Alert, Button, PasswordInput, Text, TextInput } from '@mantine/core';
import { type InvitationPreview, PASSWORD_MIN_LENGTH } from '@souk/contract';
import { useMutation, useQuery } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { Link } from 'react-router';
import { useTitle } from '../../components/page-header.tsx';
import { client } from '../../lib/client.ts';
import { paths } from '../../lib/paths.ts';
import { messageOf } from '../../lib/tell.ts';
import { OutsideFrame } from './outside-frame.tsx';
import { takeFromHash } from './take-from-hash.ts';

export function InvitationPage() {
  useTitle('Invitation');
  const [token] = useState(() => takeFromHash('token') ?? '');
  const preview = useQuery({ queryKey: ['invitation', token], queryFn: () => client.previewInvitation(token) });
  return (
    <OutsideFrame title={preview.data === undefined ? 'Invitation' : `Join ${preview.data.tenantName}`}>
      {preview.isError && (
        <Alert color="red" role="alert">
          {messageOf(preview.error)}
        </Alert>
      )}
      {preview.data !== undefined && <Acceptance token={token} preview={preview.data} />}
    </OutsideFrame>
  );
}

function Acceptance({ token, preview }: { readonly token: string; readonly preview: InvitationPreview }) {
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const accept = useMutation({
    meta: { isTold: true },
    mutationFn: () => client.acceptInvitation(preview.needs === 'password' ? { token, name, password } : { token }),
    onSuccess: () => location.assign(paths.stores),
  });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    accept.mutate();
  };
  return (
    <form onSubmit={submit}>
      <Text mb="md">
        {preview.email} is invited as {preview.role}.
      </Text>
      {preview.needs === 'password' && (
        <>
          <TextInput
            label="Your name"
            required
            withAsterisk={false}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <PasswordInput
            label="Password"
            description={`At least ${PASSWORD_MIN_LENGTH} characters`}
            mt="sm"
            value={password}
            onChange={(event) => setPassword(event.currentTarget.value)}
            autoComplete="new-password"
            visibilityToggleButtonProps={{ 'aria-label': 'Show or hide the password' }}
          />
        </>
      )}
      {accept.isError && (
        <Alert color="red" role="alert" mt="md">
          {messageOf(accept.error)}
        </Alert>
      )}
      {preview.needs === 'sign-in' ? (
        <Button component={Link} to={paths.signIn} fullWidth mt="md">
          Sign in as {preview.email} first, then open the link again
        </Button>
      ) : (
        <Button type="submit" fullWidth mt="md" loading={accept.isPending}>
          Accept
        </Button>
      )}
    </form>
  );
}

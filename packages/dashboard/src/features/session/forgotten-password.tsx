// Asks for a mail with a link to a new password. Answered alike whether the address is known or not.
import { Button, Text, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { client } from '../../lib/client.ts';

export function ForgottenPassword({ onBack }: { readonly onBack: () => void }) {
  const [email, setEmail] = useState('');
  const ask = useMutation({ mutationFn: () => client.requestPasswordReset(email) });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    ask.mutate();
  };
  return (
    <form onSubmit={submit}>
      {ask.isSuccess ? (
        <Text role="status">If that address is known here, a mail with a link is on its way.</Text>
      ) : (
        <>
          <TextInput
            label="E-mail"
            type="email"
            required
            withAsterisk={false}
            value={email}
            onChange={(event) => setEmail(event.currentTarget.value)}
            autoComplete="username"
          />
          <Button type="submit" fullWidth mt="md" loading={ask.isPending}>
            Mail me a link
          </Button>
        </>
      )}
      <Button variant="subtle" color="gray" fullWidth mt="xs" onClick={onBack}>
        Back
      </Button>
    </form>
  );
}

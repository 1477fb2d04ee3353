// One's own name and password, and the accounts that one can sign in with.
import { Button, PasswordInput, TextInput } from '@mantine/core';
import { PASSWORD_MIN_LENGTH, type Person } from '@souk/contract';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { Panel } from '../../components/panel.tsx';
import { client } from '../../lib/client.ts';
import { queryClient } from '../../lib/queries.ts';
import { messageOf, tellDone } from '../../lib/tell.ts';
import { sessionQuery, useSession } from '../session/session.ts';
import classes from './forms.module.css';

export function Profile() {
  const session = useSession();
  if (session?.person == null) return null;
  return (
    <div className={classes.stack}>
      <NameForm person={session.person} />
      <PasswordForm person={session.person} />
      <Panel title="Ways to sign in">
        <ul className={classes.list}>
          <li>One-time links of ./souk login</li>
          {session.person.hasPassword && <li>E-mail and password</li>}
          {session.providers.map(({ name, title }) => (
            <li key={name}>{title}</li>
          ))}
        </ul>
      </Panel>
    </div>
  );
}

function NameForm({ person }: { readonly person: Person }) {
  const [name, setName] = useState(person.name);
  const change = useMutation({
    mutationFn: () => client.changePerson({ name }),
    onSuccess: (changed) => {
      queryClient.setQueryData(sessionQuery.queryKey, (before) => before && { ...before, person: changed });
      tellDone('Your name is changed');
    },
  });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    change.mutate();
  };
  return (
    <Panel title="Profile" about={person.email}>
      <form onSubmit={submit} className={classes.form}>
        <TextInput
          label="Name"
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          maxLength={80}
          autoComplete="name"
        />
        <Button type="submit" loading={change.isPending} disabled={name.trim() === '' || name === person.name}>
          Save
        </Button>
      </form>
    </Panel>
  );
}

function PasswordForm({ person }: { readonly person: Person }) {
  const [current, setCurrent] = useState('');
  const [next, setNext] = useState('');
  const change = useMutation({
    meta: { isTold: true },
    mutationFn: () =>
      client.changePassword({ newPassword: next, ...(person.hasPassword ? { currentPassword: current } : {}) }),
    onSuccess: () => {
      setCurrent('');
      setNext('');
      void queryClient.invalidateQueries({ queryKey: sessionQuery.queryKey });
      tellDone('The password is set; your other sessions have ended');
    },
  });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    change.mutate();
  };
  const toggle = { 'aria-label': 'Show or hide the password' };
  return (
    <Panel title="Password" about="Setting one ends all your other sessions">
      <form onSubmit={submit} className={classes.form}>
        {person.hasPassword && (
          <PasswordInput
            label="Current password"
            value={current}
            onChange={(event) => setCurrent(event.currentTarget.value)}
            autoComplete="current-password"
            visibilityToggleButtonProps={toggle}
          />
        )}
        <PasswordInput
          label="New password"
          description={`At least ${PASSWORD_MIN_LENGTH} characters`}
          value={next}
          onChange={(event) => setNext(event.currentTarget.value)}
          autoComplete="new-password"
          error={change.isError ? messageOf(change.error) : undefined}
          visibilityToggleButtonProps={toggle}
        />
        <Button type="submit" loading={change.isPending} disabled={next.length < PASSWORD_MIN_LENGTH}>
          Set password
        </Button>
      </form>
    </Panel>
  );
}

// The way in: a one-time link that did it already, another account's provider, or e-mail and password.
import { Alert, Anchor, Button, Divider, PasswordInput, TextInput } from '@mantine/core';
import type { SessionState, SignIn } from '@souk/contract';
import { useMutation, useQuery } from '@tanstack/react-query';
import { type FormEvent, useEffect, useState } from 'react';
import { useNavigate, useSearchParams } from 'react-router';
import { useTitle } from '../../components/page-header.tsx';
import { client } from '../../lib/client.ts';
import { paths } from '../../lib/paths.ts';
import { queryClient } from '../../lib/queries.ts';
import { messageOf } from '../../lib/tell.ts';
import { ForgottenPassword } from './forgotten-password.tsx';
import { OutsideFrame } from './outside-frame.tsx';
import { sessionQuery } from './session.ts';
import { takeFromHash } from './take-from-hash.ts';

const ERRORS: Readonly<Record<string, string>> = {
  expired: 'The sign-in took too long, or its page was used before. Try again.',
  refused: 'The sign-in was refused by the provider, or broken off.',
  invalid: 'What the provider answered cannot be trusted. Try again; if it stays so, tell your administrator.',
  not_invited: 'Nobody has invited this account yet. Ask a member of a tenant.',
  unverified: 'The provider has not verified your e-mail address.',
  disabled: 'This account is disabled.',
  rate_limited: 'Too many sign-ins from here. Wait a minute.',
  unavailable: 'The provider does not answer. Try again in a moment.',
};

export function SignInPage() {
  useTitle('Sign in');
  const [search] = useSearchParams();
  const returnTo = ownPath(search.get('returnTo'));
  const navigate = useNavigate();
  const { data: session } = useQuery(sessionQuery);
  const [link] = useState(() => takeFromHash('link'));
  const signIn = useMutation({
    meta: { isTold: true },
    mutationFn: (how: SignIn) => client.signIn(how),
    onSuccess: (state) => {
      queryClient.clear();
      queryClient.setQueryData(sessionQuery.queryKey, state);
      void navigate(returnTo, { replace: true });
    },
  });
  const { mutate } = signIn;
  useEffect(() => {
    if (link !== null) mutate({ linkToken: link });
  }, [link, mutate]);
  // Whoever is signed in already has no business here, unless a link is to sign in somebody else.
  useEffect(() => {
    if (session?.via != null && link === null) void navigate(returnTo, { replace: true });
  }, [session, link, navigate, returnTo]);
  const problem = search.get('error');

  return (
    <OutsideFrame title="Sign in to Souk">
      {problem !== null && (
        <Alert color="red" role="alert" mb="md">
          {ERRORS[problem] ?? 'The sign-in did not work. Try again.'}
        </Alert>
      )}
      {signIn.isError && (
        <Alert color="red" role="alert" mb="md">
          {messageOf(signIn.error)}
        </Alert>
      )}
      {link !== null && signIn.isPending ? (
        <p role="status">Signing you in…</p>
      ) : (
        <Ways session={session} returnTo={returnTo} isPending={signIn.isPending} onSignIn={mutate} />
      )}
    </OutsideFrame>
  );
}

interface WaysProps {
  readonly session: SessionState | undefined;
  readonly returnTo: string;
  readonly isPending: boolean;
  readonly onSignIn: (how: SignIn) => void;
}

function Ways({ session, returnTo, isPending, onSignIn }: WaysProps) {
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const [hasForgotten, setForgotten] = useState(false);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    onSignIn({ email, password });
  };
  const providers = session?.providers ?? [];
  if (hasForgotten) return <ForgottenPassword onBack={() => setForgotten(false)} />;
  return (
    <>
      {providers.map(({ name, title, startUrl }) => (
        <Button
          key={name}
          component="a"
          href={`${startUrl}?${new URLSearchParams({ returnTo })}`}
          variant="default"
          fullWidth
          mb="xs"
        >
          Continue with {title}
        </Button>
      ))}
      {providers.length > 0 && <Divider label="or" my="md" />}
      <form onSubmit={submit}>
        <TextInput
          label="E-mail"
          type="email"
          required
          withAsterisk={false}
          value={email}
          onChange={(event) => setEmail(event.currentTarget.value)}
          autoComplete="username"
        />
        <PasswordInput
          label="Password"
          required
          withAsterisk={false}
          mt="sm"
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
          autoComplete="current-password"
          visibilityToggleButtonProps={{ 'aria-label': 'Show or hide the password' }}
        />
        <Button type="submit" fullWidth mt="md" loading={isPending}>
          Sign in
        </Button>
      </form>
      <p style={{ margin: '16px 0 0', color: 'var(--soft)', fontSize: '0.8125rem' }}>
        {session?.hasMail === true ? (
          <Anchor component="button" type="button" size="sm" onClick={() => setForgotten(true)}>
            Forgotten your password?
          </Anchor>
        ) : (
          <>
            On the platform’s machine, <code>./souk login</code> prints a link that signs you in.
          </>
        )}
      </p>
    </>
  );
}

/** Only a path of this origin: a link must not send anybody elsewhere after signing in. */
function ownPath(wanted: string | null): string {
  return wanted?.startsWith('/') && !wanted.startsWith('//') && !wanted.includes('\\') ? wanted : paths.stores;
}

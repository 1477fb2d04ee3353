// Who is in the tenant, as what, and who is invited.
import { Badge, Button, Select, TextInput } from '@mantine/core';
import { type Invitation, type Member, ROLES, type Role } from '@souk/contract';
import { useMutation, useQuery } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { ConfirmButton } from '../../components/confirm-button.tsx';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { Instant } from '../../components/instant.tsx';
import { Panel } from '../../components/panel.tsx';
import { SecretOnce } from '../../components/secret-once.tsx';
import { client } from '../../lib/client.ts';
import { formatDay } from '../../lib/format.ts';
import { queryClient } from '../../lib/queries.ts';
import { messageOf, tellDone } from '../../lib/tell.ts';
import { useMay, useSession } from '../session/session.ts';
import { capitalize } from '../stores/words.ts';
import classes from './forms.module.css';

const MEMBERS = ['members'] as const;
const INVITATIONS = ['invitations'] as const;
const ROLE_CHOICES = ROLES.map((role) => ({ value: role, label: capitalize(role) }));
const refresh = (queryKey: readonly string[]): Promise<void> => queryClient.invalidateQueries({ queryKey });

export function Members() {
  const isAdmin = useMay('admin');
  return (
    <div className={classes.stack}>
      {isAdmin && <Invitations />}
      <MemberList isAdmin={isAdmin} />
    </div>
  );
}

function MemberList({ isAdmin }: { readonly isAdmin: boolean }) {
  const me = useSession()?.person?.id;
  const { data, error, refetch } = useQuery({ queryKey: MEMBERS, queryFn: () => client.listMembers(), staleTime: 0 });
  const change = useMutation({
    mutationFn: ({ id, role }: { id: string; role: Role }) => client.changeMember(id, role),
    onSettled: () => refresh(MEMBERS),
  });
  const remove = useMutation({
    mutationFn: ({ id }: Member) => client.removeMember(id),
    onSuccess: (_, { email }) => {
      tellDone(`${email} is no longer a member`);
      return refresh(MEMBERS);
    },
  });
  const columns: readonly Column<Member>[] = [
    {
      title: 'Member',
      cell: ({ name, email, isDisabled }) => (
        <span className={classes.pair}>
          <span>
            {name === '' ? email : name} {isDisabled && <Badge color="gray">disabled</Badge>}
          </span>
          <span>{email}</span>
        </span>
      ),
    },
    {
      title: 'Role',
      cell: (member) =>
        isAdmin ? (
          <Select
            aria-label={`Role of ${member.email}`}
            data={ROLE_CHOICES}
            value={member.role}
            size="xs"
            w={130}
            onChange={(role) => role !== null && change.mutate({ id: member.id, role: role as Role })}
          />
        ) : (
          capitalize(member.role)
        ),
    },
    {
      title: 'Last signed in',
      cell: ({ lastSignInAt }) => (lastSignInAt === null ? 'never' : <Instant at={lastSignInAt} />),
    },
    {
      title: 'Action',
      cell: (member) =>
        (isAdmin || member.id === me) && (
          <ConfirmButton
            label={member.id === me ? 'Leave this tenant' : `Remove ${member.email}`}
            about={
              member.id === me
                ? 'You lose your way to its stores, and your tokens end.'
                : `${member.email} loses the way to its stores, and their tokens end.`
            }
            onConfirm={() => remove.mutate(member)}
          >
            {member.id === me ? 'Leave' : 'Remove'}
          </ConfirmButton>
        ),
    },
  ];
  return (
    <Panel title="Members" isFlush>
      <DataTable
        label="Members"
        columns={columns}
        rows={data}
        keyOf={({ id }) => id}
        empty="Nobody is in this tenant."
        error={error}
        onRetry={() => void refetch()}
      />
    </Panel>
  );
}

function Invitations() {
  const [email, setEmail] = useState('');
  const [role, setRole] = useState<Role>('member');
  const { data } = useQuery({ queryKey: INVITATIONS, queryFn: () => client.listInvitations(), staleTime: 0 });
  const invite = useMutation({
    meta: { isTold: true },
    mutationFn: () => client.createInvitation(email, role),
    onSuccess: () => {
      setEmail('');
      return refresh(INVITATIONS);
    },
  });
  const revoke = useMutation({
    mutationFn: (id: string) => client.revokeInvitation(id),
    onSuccess: () => refresh(INVITATIONS),
  });
  const columns: readonly Column<Invitation>[] = [
    { title: 'Invited', cell: (invitation) => invitation.email },
    { title: 'As', cell: (invitation) => capitalize(invitation.role) },
    { title: 'Until', cell: ({ expiresAt }) => formatDay(expiresAt) },
    {
      title: 'Action',
      cell: ({ id, email: invited }) => (
        <Button
          size="xs"
          variant="default"
          aria-label={`Withdraw the invitation of ${invited}`}
          onClick={() => revoke.mutate(id)}
        >
          Withdraw
        </Button>
      ),
    },
  ];
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    invite.mutate();
  };
  return (
    <>
      <Panel title="Invite somebody">
        {invite.data !== undefined && (
          <SecretOnce
            title="Invitation link"
            value={invite.data.url}
            about={
              invite.data.isMailed
                ? 'It was mailed as well. Whoever has it may accept.'
                : 'Send it yourself: no mail is set up. Whoever has it may accept.'
            }
          />
        )}
        <form onSubmit={submit} className={classes.inline}>
          <TextInput
            label="E-mail"
            type="email"
            value={email}
            onChange={(event) => setEmail(event.currentTarget.value)}
            error={invite.isError ? messageOf(invite.error) : undefined}
          />
          <Select
            label="Role"
            data={ROLE_CHOICES}
            value={role}
            onChange={(value) => setRole((value ?? 'member') as Role)}
            w={130}
          />
          <Button type="submit" loading={invite.isPending} disabled={email === ''}>
            Invite
          </Button>
        </form>
      </Panel>
      {data !== undefined && data.length > 0 && (
        <Panel title="Invited" about="Who has not answered yet" isFlush>
          <DataTable label="Invitations" columns={columns} rows={data} keyOf={({ id }) => id} empty="" />
        </Panel>
      )}
    </>
  );
}

// A tenant's name and limits; made, changed, or deleted with everything in it.
import { Button, Group, Modal, NumberInput, Select, TextInput } from '@mantine/core';
import { type AdminTenant, PLANS, type PlanName } from '@souk/contract';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { SecretOnce } from '../../components/secret-once.tsx';
import { client } from '../../lib/client.ts';
import { queryClient } from '../../lib/queries.ts';
import { messageOf, tellDone } from '../../lib/tell.ts';
import { capitalize } from '../stores/words.ts';

const refresh = (): Promise<void> => queryClient.invalidateQueries({ queryKey: ['admin', 'tenants'] });
const PLAN_CHOICES = PLANS.map((plan) => ({ value: plan, label: capitalize(plan) }));

export function TenantDialog({
  tenant,
  onClose,
}: {
  readonly tenant: AdminTenant | null;
  readonly onClose: () => void;
}) {
  const [name, setName] = useState(tenant?.name ?? '');
  const [ownerEmail, setOwnerEmail] = useState('');
  const [maxStores, setMaxStores] = useState<number | string>(tenant?.quota.maxStores ?? 5);
  const [parallel, setParallel] = useState<number | string>(tenant?.quota.maxParallelProvisions ?? 3);
  const [largestPlan, setLargestPlan] = useState<PlanName>(tenant?.quota.largestPlan ?? 'large');
  const save = useMutation({
    meta: { isTold: true },
    mutationFn: async (): Promise<string | null> => {
      const limits = { maxStores: Number(maxStores), maxParallelProvisions: Number(parallel), largestPlan };
      if (tenant !== null) {
        await client.changeAdminTenant(tenant.id, { name, ...limits });
        return null;
      }
      const wish = { name, ...limits, ...(ownerEmail === '' ? {} : { ownerEmail }) };
      return (await client.createTenant(wish)).invitationUrl;
    },
    onSuccess: (invitationUrl) => {
      tellDone(`${name} is ${tenant === null ? 'made' : 'changed'}`);
      if (invitationUrl === null) onClose();
      return refresh();
    },
  });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <Modal
      opened
      onClose={onClose}
      title={tenant === null ? 'New tenant' : tenant.name}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      {save.data != null ? (
        <SecretOnce title="Invitation link" value={save.data} about="Send it to the owner: it is not shown again." />
      ) : (
        <form onSubmit={submit} style={{ display: 'grid', gap: 16 }}>
          <TextInput
            label="Name"
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            maxLength={80}
            data-autofocus
          />
          {tenant === null && (
            <TextInput
              label="Owner’s e-mail"
              type="email"
              value={ownerEmail}
              onChange={(event) => setOwnerEmail(event.currentTarget.value)}
            />
          )}
          <NumberInput
            label="Stores at most"
            value={maxStores}
            onChange={setMaxStores}
            min={0}
            max={10_000}
            hideControls
          />
          <NumberInput
            label="Provisioned at once"
            value={parallel}
            onChange={setParallel}
            min={1}
            max={100}
            hideControls
          />
          <Select
            label="Largest plan"
            data={PLAN_CHOICES}
            value={largestPlan}
            onChange={(value) => setLargestPlan((value ?? 'large') as PlanName)}
            error={save.isError ? messageOf(save.error) : undefined}
          />
          <Group justify="space-between">
            {tenant === null ? <span /> : <DeleteTenant tenant={tenant} onDone={onClose} />}
            <Button type="submit" loading={save.isPending} disabled={name.trim() === ''}>
              {tenant === null ? 'Make tenant' : 'Save'}
            </Button>
          </Group>
        </form>
      )}
    </Modal>
  );
}

function DeleteTenant({ tenant, onDone }: { readonly tenant: AdminTenant; readonly onDone: () => void }) {
  const [typed, setTyped] = useState<string | null>(null);
  const remove = useMutation({
    mutationFn: () => client.deleteTenant(tenant.id),
    onSuccess: () => {
      tellDone(`${tenant.name} and its stores are being deleted`);
      onDone();
      return refresh();
    },
  });
  if (typed === null) {
    return (
      <Button color="red" variant="light" onClick={() => setTyped('')}>
        Delete…
      </Button>
    );
  }
  return (
    <Group align="flex-end" gap="xs">
      <TextInput
        label={`Type “${tenant.name}”: its ${tenant.usage.stores} stores go too`}
        value={typed}
        onChange={(event) => setTyped(event.currentTarget.value)}
      />
      <Button color="red" disabled={typed !== tenant.name} loading={remove.isPending} onClick={() => remove.mutate()}>
        Delete
      </Button>
    </Group>
  );
}

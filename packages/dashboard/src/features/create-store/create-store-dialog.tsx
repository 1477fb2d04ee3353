// Asks for a new store. Checked by the same schema that the platform checks with; stays open, with everything that was typed, until
// the platform has said yes.
import { Alert, Button, Modal } from '@mantine/core';
import { type CreateStore, createStoreSchema, RefusedError } from '@souk/contract';
import { useQuery } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { queries } from '../../lib/queries.ts';
import { messageOf } from '../../lib/tell.ts';
import { AdminFields } from './admin-fields.tsx';
import classes from './create-store-dialog.module.css';
import { EngineChoice } from './engine-choice.tsx';
import { NameField } from './name-field.tsx';
import { PlanChoice } from './plan-choice.tsx';
import { useCreateStore } from './use-create-store.ts';

export type Draft = Required<Omit<CreateStore, 'keepFailed'>>;
export type FieldErrors = Readonly<Partial<Record<string, string>>>;

const EMPTY: Draft = { name: '', engine: '', plan: 'standard', adminEmail: '', adminPassword: '' };

export function CreateStoreDialog({ onClose }: { readonly onClose: () => void }) {
  const { data: engines } = useQuery({ ...queries.engines(), refetchOnMount: 'always' });
  const [typed, setDraft] = useState(EMPTY);
  const [errors, setErrors] = useState<FieldErrors>({});
  const create = useCreateStore(onClose);
  const firstEngine = engines?.find(({ available }) => available)?.name ?? '';
  const draft = typed.engine === '' ? { ...typed, engine: firstEngine } : typed;
  const set = (change: Partial<Draft>): void => {
    setDraft((before) => ({ ...before, ...change }));
    setErrors((before) => Object.fromEntries(Object.entries(before).filter(([field]) => !(field in change))));
  };
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    const checked = createStoreSchema.safeParse(withoutEmpty(draft));
    if (checked.success) {
      create.mutate(checked.data, { onError: (error) => setErrors(fieldErrorsOf(error)) });
      return;
    }
    setErrors(
      Object.fromEntries(checked.error.issues.map(({ path, message }) => [String(path[0]), sentence(message)])),
    );
  };
  const general = create.error !== null && Object.keys(fieldErrorsOf(create.error)).length === 0 ? create.error : null;

  return (
    <Modal opened onClose={onClose} title="New store" size={620} closeButtonProps={{ 'aria-label': 'Close' }}>
      <form onSubmit={submit} noValidate className={classes.form}>
        <NameField value={draft.name} error={errors.name} onChange={(name) => set({ name })} />
        <EngineChoice
          engines={engines}
          value={draft.engine}
          onChange={(engine) => set({ engine })}
          error={errors.engine}
        />
        <PlanChoice value={draft.plan} onChange={(plan) => set({ plan })} />
        <AdminFields draft={draft} errors={errors} onChange={set} />
        {general !== null && (
          <Alert color="red" variant="light" title="The store was not created" role="alert">
            {messageOf(general)}
          </Alert>
        )}
        <div className={classes.foot}>
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={create.isPending} disabled={firstEngine === ''}>
            Create store
          </Button>
        </div>
      </form>
    </Modal>
  );
}

function withoutEmpty(draft: Draft): object {
  return Object.fromEntries(Object.entries(draft).filter(([field, value]) => field === 'name' || value !== ''));
}

function fieldErrorsOf(error: unknown): FieldErrors {
  if (!(error instanceof RefusedError)) return {};
  const { code, detail, errors } = error.problem;
  if (code === 'name_taken') return { name: detail };
  if (code === 'engine_unavailable') return { engine: detail };
  return Object.fromEntries((errors ?? []).map(({ field, message }) => [field, sentence(message)]));
}

/** The schema's messages begin with the verb. */
const sentence = (message: string): string => `${message.charAt(0).toUpperCase()}${message.slice(1)}.`;

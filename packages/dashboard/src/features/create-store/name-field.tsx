// The store's name: checked while one types, by the rules at once and against the platform a moment later; below it, where the shop
// will answer.
import { Loader, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { storeNameSchema } from '@souk/contract';
import { IconCheck } from '@tabler/icons-react';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { queries } from '../../lib/queries.ts';
import { hostOf } from '../stores/words.ts';

interface NameFieldProps {
  readonly value: string;
  readonly error: string | undefined;
  readonly onChange: (name: string) => void;
}

const TYPING_MS = 250;

export function NameField({ value, error, onChange }: NameFieldProps) {
  const [settled] = useDebouncedValue(value, TYPING_MS);
  const rule = storeNameSchema.safeParse(value);
  const check = useQuery({
    ...queries.nameCheck(settled),
    enabled: storeNameSchema.safeParse(settled).success,
    placeholderData: keepPreviousData,
  });
  const checked = check.data?.name === value ? check.data : null;
  const isFree = checked?.available === true;
  const host = hostPreview(value, check.data?.storefrontUrl, check.data?.name);
  return (
    <TextInput
      label="Name"
      description={host}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value.toLowerCase().replaceAll(/[\s_]+/g, '-'))}
      error={error ?? problemOf(value, rule, checked?.reason ?? null)}
      placeholder="acme"
      autoComplete="off"
      spellCheck={false}
      maxLength={60}
      data-autofocus
      inputWrapperOrder={['label', 'input', 'description', 'error']}
      rightSection={
        value === '' || !rule.success ? null : isFree ? (
          <IconCheck size={16} color="var(--good)" aria-label="The name is free" />
        ) : check.isFetching ? (
          <Loader size={14} />
        ) : null
      }
    />
  );
}

function problemOf(
  value: string,
  rule: ReturnType<typeof storeNameSchema.safeParse>,
  refusal: string | null,
): string | undefined {
  if (value === '') return undefined;
  const message = rule.success ? refusal : rule.error.issues[0]?.message;
  return message == null ? undefined : `The name ${message}.`;
}

function hostPreview(value: string, url: string | undefined, checkedName: string | undefined): string {
  const domain =
    url === undefined || checkedName === undefined ? location.host : hostOf(url).slice(checkedName.length + 1);
  return `${value === '' ? 'your-name' : value}.${domain}`;
}

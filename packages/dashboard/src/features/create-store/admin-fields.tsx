// Whom the shop's administration lets in. Left empty, the platform makes both up; a given password shows how strong it is.
import { Anchor, Collapse, PasswordInput, TextInput } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';

import classes from './admin-fields.module.css';
import type { Draft, FieldErrors } from './create-store-dialog.tsx';
import { strengthOf } from './password-strength.ts';

interface AdminFieldsProps {
  readonly draft: Draft;
  readonly errors: FieldErrors;
  readonly onChange: (change: Partial<Draft>) => void;
}

export function AdminFields({ draft, errors, onChange }: AdminFieldsProps) {
  const [isOpen, { toggle }] = useDisclosure(false);
  const hasError = errors.adminEmail !== undefined || errors.adminPassword !== undefined;
  const isShown = isOpen || hasError;
  return (
    <div>
      <Anchor component="button" type="button" size="sm" onClick={toggle} aria-expanded={isShown}>
        {isShown ? 'Let the platform choose the admin login' : 'Choose the admin login yourself'}
      </Anchor>
      <Collapse expanded={isShown}>
        <div className={classes.fields}>
          <TextInput
            label="Admin e-mail"
            type="email"
            value={draft.adminEmail}
            onChange={(event) => onChange({ adminEmail: event.currentTarget.value })}
            error={errors.adminEmail}
            autoComplete="off"
          />
          <div>
            <PasswordInput
              label="Admin password"
              value={draft.adminPassword}
              onChange={(event) => onChange({ adminPassword: event.currentTarget.value })}
              error={errors.adminPassword}
              autoComplete="new-password"
              visibilityToggleButtonProps={{ 'aria-label': 'Show or hide the password' }}
            />
            {draft.adminPassword !== '' && <Strength password={draft.adminPassword} />}
          </div>
        </div>
      </Collapse>
    </div>
  );
}

function Strength({ password }: { readonly password: string }) {
  const { score, words } = strengthOf(password);
  return (
    <div className={classes.strength} data-score={score}>
      <div className={classes.bars} aria-hidden="true">
        <i />
        <i />
        <i />
        <i />
      </div>
      <span role="status">{words}</span>
    </div>
  );
}

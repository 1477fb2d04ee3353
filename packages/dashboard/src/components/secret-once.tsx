// Something that is shown this once: copy it now.
import { Alert } from '@mantine/core';
import { CopyButton } from './copy-button.tsx';

export function SecretOnce({
  title,
  value,
  about,
}: {
  readonly title: string;
  readonly value: string;
  readonly about: string;
}) {
  return (
    <Alert color="teal" title={title} role="status" mb="md">
      <p style={{ margin: '0 0 8px' }}>{about}</p>
      <div style={{ display: 'flex', alignItems: 'center', gap: 8 }}>
        <code style={{ overflowWrap: 'anywhere', fontFamily: 'var(--mono)' }}>{value}</code>
        <CopyButton value={value} what={title} />
      </div>
    </Alert>
  );
}
